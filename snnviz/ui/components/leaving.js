// Streamlit calls what a component returns when the component goes. A call that a newer one overtook while the script was
// still loading is over at once, and what it returned is called after the newer call: that must not end what is shown.

const newest = new WeakMap(); // by element: its latest call

/** What to return to Streamlit: calls `leave` unless a newer call for this element has been made. */
function onLeave(parentElement, leave) {
  newest.set(parentElement, leave);
  return () => {
    if (newest.get(parentElement) === leave) leave();
  };
}

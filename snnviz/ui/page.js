// Runs before Streamlit. Where its server is: it would ask below the page's own address first, which is a 404.
window.__streamlit = { ...window.__streamlit, BACKEND_BASE_URL: new URL("..", document.currentScript.src).href };

// Another page begins at its top: Streamlit keeps how far the last one was scrolled.
{
  const { pushState } = history;
  history.pushState = function (...given) {
    const before = location.pathname;
    pushState.apply(this, given);
    if (location.pathname !== before) document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  };
}

// Why a file was refused: Streamlit shows it in red, without the sentence of the server's answer.
{
  const place = () => document.querySelector("[data-testid=stFileUploader]");
  const clear = () => document.querySelector(".upload-refused")?.remove();
  const tell = (request) => {
    if (request.status < 400 || !place()) return;
    clear(); // one sentence for several files
    const words = Object.assign(document.createElement("p"), { className: "upload-refused", textContent: request.responseText });
    words.setAttribute("role", "alert");
    place().append(words); // goes with what it is about
  };
  const { open } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, url, ...more) {
    if (method.toUpperCase() === "PUT" && String(url).includes("/_stcore/upload_file/")) {
      this.addEventListener("loadstart", clear);
      this.addEventListener("load", () => tell(this));
    }
    return open.call(this, method, url, ...more);
  };
}

// What a word of the field means: a marked word is a link to "#word-...", see ui/kit/words.py. Its sentence is shown on
// hover, on a tap, and when it has the focus; Escape closes it.
{
  const place = new URL("words.json", document.currentScript.src);
  const marked = (event) => event.composedPath()[0].closest?.("a[href^='#word-']");
  let asked, box, shown;
  const words = () => (asked ??= fetch(place).then((answer) => answer.json()));
  const hide = () => {
    box?.remove();
    shown?.removeAttribute("aria-describedby");
    shown = null;
  };
  const show = async (link) => {
    if (link === shown) return;
    hide();
    shown = link;
    const { [link.hash.slice("#word-".length)]: told } = await words();
    if (!told || shown !== link) return; // meanwhile another one, or none
    box ??= Object.assign(document.createElement("div"), { className: "word-meaning", id: "word-meaning" });
    box.setAttribute("role", "tooltip");
    box.replaceChildren(Object.assign(document.createElement("b"), { textContent: told.word }), ` ${told.meaning}`);
    (document.querySelector(".stApp") ?? document.body).append(box);
    link.setAttribute("aria-describedby", box.id);
    const { left, top, bottom } = link.getBoundingClientRect();
    box.style.left = `${Math.max(8, Math.min(left, innerWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${bottom + box.offsetHeight + 8 < innerHeight ? bottom + 6 : Math.max(8, top - box.offsetHeight - 6)}px`;
  };
  addEventListener("pointerover", (event) => {
    const link = marked(event);
    if (link) show(link);
    else if (shown && shown !== document.activeElement && !event.composedPath().includes(box)) hide();
  });
  addEventListener("focusin", (event) => (marked(event) ? show(marked(event)) : hide()));
  addEventListener("click", (event) => {
    if (!marked(event)) return hide();
    event.preventDefault(); // no place to go to
    show(marked(event));
  }, true);
  addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("scroll", hide, true);
}

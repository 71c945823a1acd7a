// Runs before Streamlit. Where its server is: it would ask below the page's own address first, which is a 404.
window.__streamlit = { ...window.__streamlit, BACKEND_BASE_URL: new URL("..", document.currentScript.src).href };

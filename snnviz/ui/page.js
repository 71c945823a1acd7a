// Runs before Streamlit. Where its server is: it would ask below the page's own address first, which is a 404.
window.__streamlit = { ...window.__streamlit, BACKEND_BASE_URL: new URL("..", document.currentScript.src).href };

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

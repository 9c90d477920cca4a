// Draws the API's document with Swagger UI, in the reader's colours; a key typed there stays here.
const root = document.documentElement;
const place = document.getElementById("api-docs");
// What Swagger UI leaves without a name, or out of a keyboard's reach, as it draws and redraws.
const MISSING = {
  ".information-container": { role: "region", "aria-label": "About the API" },
  ".scheme-container": { role: "region", "aria-label": "Server and key" },
  ".models": { role: "region", "aria-label": "Schemas" },
  "#servers": { "aria-label": "Server" },
  ".examples-select-element": { "aria-label": "Example" },
  ".content-type": { "aria-label": "Media type" },
  ".microlight": { tabindex: "0" },
};

function colour() {
  root.classList.toggle("dark-mode", root.dataset.bsTheme === "dark");
}

function mend() {
  for (const [selector, attributes] of Object.entries(MISSING)) {
    for (const element of place.querySelectorAll(selector)) {
      for (const [name, value] of Object.entries(attributes)) {
        if (!element.hasAttribute(name)) element.setAttribute(name, value);
      }
    }
  }
  // A link inside the button that opens a call: the button does, and says so in the address.
  place.querySelectorAll(".opblock-summary-control a[href]").forEach((link) => link.removeAttribute("href"));
}

colour();
new MutationObserver(colour).observe(root, { attributeFilter: ["data-bs-theme"] });
new MutationObserver(mend).observe(place, { childList: true, subtree: true });

window.SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  displayRequestDuration: true,
  persistAuthorization: false,
});

// Draws the API's document with Swagger UI, in the reader's colours; a key typed there stays here.
const root = document.documentElement;
const place = document.getElementById("api-docs");

function colour() {
  root.classList.toggle("dark-mode", root.dataset.bsTheme === "dark");
}

colour();
new MutationObserver(colour).observe(root, { attributeFilter: ["data-bs-theme"] });

window.SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  displayRequestDuration: true,
  persistAuthorization: false,
});

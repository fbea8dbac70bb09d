// The service's routes, read from our own description; nothing is asked of another host (no validator badge). A change shows that it comes from here.
const { csrf } = document.getElementById("docs").dataset;
window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  validatorUrl: null,
  tryItOutEnabled: true,
  requestInterceptor: (request) => {
    if (csrf && request.method && request.method !== "GET") request.headers["X-CSRF-Token"] = csrf;
    return request;
  },
});

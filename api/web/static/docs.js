// The service's routes, read from our own description; nothing is asked of another host (no validator badge).
window.SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null, tryItOutEnabled: true });

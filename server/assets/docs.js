"use strict";

// The list is this server's own; nothing is asked of anybody else.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  filter: true,
  queryConfigEnabled: false,
  tryItOutEnabled: false,
  validatorUrl: null,
});

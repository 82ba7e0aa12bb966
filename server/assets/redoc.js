"use strict";

Redoc.init("openapi.json", { sortRequiredPropsFirst: true }, document.getElementById("redoc"));

// Node, also for `import`: one class per process, however it is loaded. The module is compiled at once.
const { makeClient } = require("./client.cjs");

module.exports = makeClient(require("./glue.cjs"));

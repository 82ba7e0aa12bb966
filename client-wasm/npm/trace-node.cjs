// Client and traces for Node; see node.cjs.
const { makeClient } = require("./client.cjs");
const { makeTrace } = require("./traces.cjs");

module.exports = makeTrace(makeClient, require("./trace-glue.cjs"));

// Traces, with the client, for Node; see node.cjs.
const { makeTrace } = require("./traces.cjs");

module.exports = { ...require("./node.cjs"), ...makeTrace(require("./trace-glue.cjs")) };

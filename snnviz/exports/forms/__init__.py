"""The exports, one a file: each module has the value `EXPORT`, and is found by `snnviz.exports.EXPORTS`."""

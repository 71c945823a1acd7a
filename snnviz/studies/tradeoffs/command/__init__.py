"""Commands (click) of the study "Trade-offs": `experiment`, `compare`, `tradeoffs` and `front`."""

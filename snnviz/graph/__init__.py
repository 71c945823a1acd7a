"""The computation graph of a design: its layers and their inputs, shared by training, forecast and cost counts."""

"""From a design to its layers, and who reads whom: the value that training, forecast and costs share."""

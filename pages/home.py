"""Home: what a spiking network is, in one picture that moves, and three ways on."""

from snnviz.ui.learn import home

home.panel()

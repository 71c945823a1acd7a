"""What all pages share: state, stores, settings, rows, words, troubles, buttons."""

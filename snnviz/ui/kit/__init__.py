"""What all pages share: session state, store access, settings, rows, texts, errors, buttons."""

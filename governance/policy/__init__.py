"""Pure nouns of authority: standard library only, total functions, no clock, no input or output."""

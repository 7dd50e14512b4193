"""How annotation holds up: lists, counts and the queue at many cases, and several annotators at once over HTTP."""

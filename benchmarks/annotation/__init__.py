"""How annotation holds up: beside Label Studio, at many cases, by keys and seconds, and with a killed server."""

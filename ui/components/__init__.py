"""Components of our own on `gr.HTML`: Python says what they hold, `ui/static/*.js` draws it, and text stays text."""

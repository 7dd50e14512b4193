"""The one look of the product: Gradio's own components take their colours from the tokens of `static/style.css`."""

from __future__ import annotations

import gradio as gr

from ui.components.base import static

# Gradio's theme variable -> our token. Each is set for light and dark alike: the token itself changes with the mode.
_TOKENS = {
    "body_background_fill": "--m3-bg",
    "body_text_color": "--m3-ink",
    "body_text_color_subdued": "--m3-mute",
    "background_fill_primary": "--m3-panel",
    "background_fill_secondary": "--m3-bg",
    "border_color_primary": "--m3-line",
    "border_color_accent": "--m3-accent",
    "link_text_color": "--m3-accent",
    "link_text_color_hover": "--m3-accent",
    "link_text_color_active": "--m3-accent",
    "link_text_color_visited": "--m3-accent",
    "code_background_fill": "--m3-chip",
    "block_background_fill": "--m3-panel",
    "block_border_color": "--m3-line",
    "block_info_text_color": "--m3-mute",
    "block_label_background_fill": "--m3-panel",
    "block_label_text_color": "--m3-mute",
    "block_title_text_color": "--m3-mute",
    "panel_background_fill": "--m3-panel",
    "panel_border_color": "--m3-line",
    "accordion_text_color": "--m3-ink",
    "table_text_color": "--m3-ink",
    "table_border_color": "--m3-line",
    "table_even_background_fill": "--m3-panel",
    "table_odd_background_fill": "--m3-panel",
    "table_row_focus": "--m3-chip",
    "input_background_fill": "--m3-panel",
    "input_background_fill_focus": "--m3-panel",
    "input_border_color": "--m3-line",
    "input_border_color_focus": "--m3-accent",
    "input_placeholder_color": "--m3-mute",
    "checkbox_background_color": "--m3-panel",
    "checkbox_background_color_selected": "--m3-accent",
    "checkbox_border_color": "--m3-line",
    "checkbox_border_color_selected": "--m3-accent",
    "checkbox_label_background_fill": "--m3-panel",
    "checkbox_label_background_fill_hover": "--m3-chip",
    "checkbox_label_background_fill_selected": "--m3-chip",
    "checkbox_label_border_color": "--m3-line",
    "checkbox_label_border_color_selected": "--m3-accent",
    "checkbox_label_text_color": "--m3-ink",
    "checkbox_label_text_color_selected": "--m3-ink",
    "slider_color": "--m3-accent",
    "loader_color": "--m3-accent",
    "stat_background_fill": "--m3-chip",
    "error_background_fill": "--m3-panel",
    "error_border_color": "--m3-red",
    "error_text_color": "--m3-red",
    "error_icon_color": "--m3-red",
    "button_primary_background_fill": "--m3-accent",
    "button_primary_background_fill_hover": "--m3-accent",
    "button_primary_border_color": "--m3-accent",
    "button_primary_border_color_hover": "--m3-ink",
    "button_primary_text_color": "--m3-on-accent",
    "button_primary_text_color_hover": "--m3-on-accent",
    "button_secondary_background_fill": "--m3-panel",
    "button_secondary_background_fill_hover": "--m3-chip",
    "button_secondary_border_color": "--m3-line",
    "button_secondary_border_color_hover": "--m3-mute",
    "button_secondary_text_color": "--m3-ink",
    "button_secondary_text_color_hover": "--m3-ink",
    "button_cancel_background_fill": "--m3-panel",
    "button_cancel_background_fill_hover": "--m3-chip",
    "button_cancel_border_color": "--m3-red",
    "button_cancel_text_color": "--m3-red",
    "button_cancel_text_color_hover": "--m3-red",
}
_SIZES = {
    "body_text_size": "13px",
    "block_title_text_size": "12px",
    "block_label_text_size": "12px",
    "block_info_text_size": "12px",
    "input_text_size": "13px",
    "input_padding": "6px 10px",
    "input_radius": "6px",
    "block_radius": "8px",
    "block_padding": "8px 10px",
    "block_shadow": "none",
    "block_border_width": "0px",
    "checkbox_label_text_size": "13px",
    "checkbox_label_padding": "5px 10px",
    "button_large_padding": "6px 12px",
    "button_large_radius": "6px",
    "button_large_text_size": "13px",
    "button_large_text_weight": "500",
    "button_medium_padding": "6px 12px",
    "button_medium_radius": "6px",
    "button_medium_text_size": "13px",
    "button_medium_text_weight": "500",
    "button_small_padding": "3px 8px",
    "button_small_radius": "6px",
    "button_small_text_size": "12px",
    "button_border_width": "1px",
    "layout_gap": "10px",
}


def theme() -> gr.themes.Base:
    """Gradio's base theme on our tokens; system fonts, because a factory floor has no font server."""
    fonts = {"font": ["Inter", "system-ui", "sans-serif"], "font_mono": ["ui-monospace", "monospace"]}
    base = gr.themes.Base(**fonts, spacing_size="sm", radius_size="sm")
    values = dict(_SIZES)
    for name, token in _TOKENS.items():
        values[name] = f"var({token})"
        if hasattr(base, f"{name}_dark"):
            values[f"{name}_dark"] = f"var({token})"
    return base.set(**values)


def head() -> str:
    """What goes into the page's <head>: the stylesheets, the colour mode and the keyboard.

    The stylesheets are not given as Gradio's `css`, which would rewrite its selectors and drop some of its rules.
    """
    scripts = "".join(f"<script>{static(name)}</script>" for name in ("mode.js", "person.js", "keys.js", "key_list.js"))
    sheets = ("style.css", "forms.css", "examples.css", "reflect.css", "trust.css", "judging.css")
    styles = "".join(f"<style>{static(name)}</style>" for name in sheets)
    return styles + scripts

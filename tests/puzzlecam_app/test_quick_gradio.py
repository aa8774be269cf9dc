"""Importing Gradio is quick: it writes no files for editors."""

from puzzlecam_app import quick_gradio


def test_components_are_defined_without_writing_files_for_editors() -> None:
    import gradio
    from gradio import component_meta

    assert getattr(component_meta, quick_gradio.WRITER) is quick_gradio._write_nothing
    assert gradio.Textbox().change is not None

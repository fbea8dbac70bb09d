"""Every notebook runs from beginning to end as a reader would run it, in an empty folder."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests import patient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the kernel's own client
def test_a_notebook_runs_through(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=patient.COMMAND_SECONDS, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output.text for output in shown if output.output_type == "stream" and output.name == "stderr"] == []

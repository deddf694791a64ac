"""Number tables of the codec, read from ``data/tables.txt`` (EN 300 395-2 V1.3.1, annex A)."""

from importlib.resources import files
from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.errors import VoiceError

Table = npt.NDArray[np.int32]


def read_tables(text: str) -> dict[str, Table]:
    """Return the tables of a text by name, int32 (rows, columns); VoiceError when one is short."""
    tables: dict[str, Table] = {}
    for part in text.split("\n[")[1:]:
        head, _, body = part.partition("\n")
        name, _, shape = head.partition("] ")
        rows, _, columns = shape.partition(":")[0].partition(" x ")
        values = np.array(body.split(), dtype=np.int32)
        if values.size != int(rows) * int(columns):
            raise VoiceError(
                f"ACELP tables: [{name}] should hold {rows} x {columns} numbers, "
                f"found {values.size}; reinstall Samband"
            )
        tables[name] = values.reshape(int(rows), int(columns))
    return tables


_TABLES: Final = read_tables((files(__package__) / "data" / "tables.txt").read_text("ascii"))

LSP_1: Final = _TABLES["lsp_1"]
"""int32 (256, 3), Q15: LSP 1 to 3."""
LSP_2: Final = _TABLES["lsp_2"]
"""int32 (512, 3), Q15: LSP 4 to 6."""
LSP_3: Final = _TABLES["lsp_3"]
"""int32 (512, 4), Q15: LSP 7 to 10."""
LSP_START: Final = _TABLES["lsp_start"][0]
"""int32 (10,), Q15: the LSP set after a reset."""
GAIN: Final = _TABLES["gain"]
"""int32 (64, 2), Q8: log2 prediction errors of the pitch energy and the code energy."""
LOG2: Final = _TABLES["log2"][0]
"""int32 (33,), Q15."""
POW2: Final = _TABLES["pow2"][0]
"""int32 (33,), Q14."""
INV_SQRT: Final = _TABLES["inv_sqrt"][0]
"""int32 (49,), Q15."""
WINDOW: Final = _TABLES["window"].reshape(-1)
"""int32 (256,), Q15: asymmetric analysis window."""
LAG_WINDOW_HIGH: Final = _TABLES["lag_window_hi"][0]
"""int32 (10,): upper 16 bits."""
LAG_WINDOW_LOW: Final = _TABLES["lag_window_lo"][0]
"""int32 (10,): lower 15 bits."""
GRID: Final = _TABLES["grid"][0]
"""int32 (61,), Q15: cosines at which the LSP search looks for a change of sign."""
THIRD_DOWN_32: Final = _TABLES["third_down_32"][0]
"""int32 (32,), Q15: interpolates 1/3 sample later than the integer lag's sample."""
THIRD_UP_32: Final = _TABLES["third_up_32"][0]
"""int32 (32,), Q15: interpolates 1/3 sample earlier."""
THIRD_DOWN_8: Final = _TABLES["third_down_8"][0]
"""int32 (8,), Q15: short form of the same, for correlations."""
THIRD_UP_8: Final = _TABLES["third_up_8"][0]
"""int32 (8,), Q15."""

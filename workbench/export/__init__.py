"""How figures and tables leave Workbench: SVG, HTML pages, notebooks, text and files.

Import the module that is needed (``workbench.export.svg``, ``html``, ``notebook``, ``table``,
``files``); nothing is loaded here, so that ``import workbench`` stays light.
"""

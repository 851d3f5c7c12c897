from .config import CfgNode, configurable, get_cfg

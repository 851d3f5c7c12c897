#!/usr/bin/env python
"""Train and evaluate AdaAnchor models; takes Detectron2's flags.

Train:     ./train_net.py --config-file configs/coco_single/ada_R50_256x192.yaml --num-gpus 8
Evaluate:  ./train_net.py --config-file ... --eval-only MODEL.WEIGHTS output/model_best.pth
Resume:    ./train_net.py --config-file ... --resume
On a CPU:  ./train_net.py --config-file ... --num-gpus 2 MODEL.DEVICE cpu   (two processes)
"""

from adaanchor_d2.engine.setup import parse_args, run
from adaanchor_d2.errors import run_command

if __name__ == "__main__":
    run_command(lambda: run(parse_args()))

"""The entry point of training: yields the events of a run for a design.

Only the data set's files are read; nothing is printed and there is no global state. To cancel, stop iterating. The
events depend on the design alone (one thread, one machine), whether resumed or not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor

import torch

from snnviz.core import data, gradients, measured_inits, observe, train
from snnviz.core.randomness import generator
from snnviz.core.shortcuts import BranchObjective, shortcut_branches
from snnviz.core.trainable_ttfs import activity_penalty, build_network
from snnviz.design.design import Design
from snnviz.errors import Diverged
from snnviz.events import Branch, Checkpoint, EpochEnd, Event, Progress
from snnviz.tasks import EMPTY_HISTORY, History, one_thread
from snnviz.theory.predictions import pack_predictions

TINY_DESIGN = {
    "data": {"train_samples": 2, "test_samples": 2, "steps": 2},
    "network": {"kind": "block", "channels": 2, "edges": "002/000/000"},
    "training": {"epochs": 1, "batch_size": 2},
}

DIVERGENCE_HINT = "a smaller learning rate or a smaller gain may help"


def execute(
    design: Design, *, resume: Checkpoint | None = None, threads: Callable[[], int] = one_thread
) -> Iterator[Event]:
    """Trains `design`, from the beginning or resuming from a checkpoint, and yields its events.

    `threads()` returns how many cores may be used and is called before each step; the numbers are the same, bit for
    bit.

    Yields a Progress per training step, Samples, Branches, LayerStates and Timings as in `observe`, and an EpochEnd and
    a Checkpoint per epoch; in the last epoch also the Predictions, and a checkpoint without branches. Raises
    `DataMissing` or `Diverged`.
    """
    with train.worker_threads() as crew:
        yield from _train(design, resume, lambda: crew if threads() > 1 else None)


def run(design: Design, history: History = EMPTY_HISTORY, threads: Callable[[], int] = one_thread) -> Iterator[Event]:
    """Calls `execute` with the arguments of `tasks.TaskKind.run`, resuming from the history's checkpoint."""
    return execute(design, resume=history.checkpoint(), threads=threads)


def warm_up() -> None:
    """Trains a tiny design, because torch loads much code at the first optimizer step."""
    for _ in execute(Design.check(TINY_DESIGN)):
        pass


def _train(design: Design, resume: Checkpoint | None, crew: Callable[[], Executor | None]) -> Iterator[Event]:
    training_images, held_out, test_images = yield from data.load_with_progress(design)
    probe, probe_labels = data.encoded_probe(training_images, design)
    network = build_network(design)
    sparse = activity_penalty(network)
    first = resume.epoch if resume else 0
    beside = shortcut_branches(network) if first < design.training.epochs else None
    optimizer = train.Optimizer(network, beside.parameters if beside else None)
    if resume is None:
        measured_inits.initialise_from_data(network, probe)
    else:
        optimizer.restore(resume.arrays)
    watched = design.training.gradients == "watched"
    window = observe.RunningSums(network.parameters, gradients=watched)
    batch_size, epochs = design.training.batch_size, design.training.epochs
    per_epoch = math.ceil(len(training_images) / batch_size)
    yield Progress(first * per_epoch, epochs * per_epoch)
    part = slice(gradients.LAYER_IMAGES)
    shown = probe[:, part], probe_labels[part]  # any beginning of the probe is as even over the classes
    if first == 0:
        shares = gradients.branch_shares(network, *shown, beside.objective(0) if beside and watched else None)
        yield from observe.observe_layers(network, probe, window, 0, 0.0, shares)
        yield from network.timings(probe, 0, 0.0, final=False)

    for epoch in range(first, epochs):
        rate = optimizer.start_epoch(epoch)
        objective = beside.objective(epoch) if beside else None
        order = torch.randperm(len(training_images), generator=generator(design.seed, "order", epoch))
        loss_sum, hit_sum = 0.0, 0.0
        for batch in range(per_epoch):
            chosen = order[batch * batch_size : (batch + 1) * batch_size]
            labels = training_images.labels[chosen]
            image = data.training_input(training_images, chosen, design, epoch, batch)
            kept = network.draw_dropout_masks(len(labels), epoch, batch)
            found = train.loss_and_gradients(network, image, labels, crew(), kept, objective or sparse)
            optimizer.step(found.gradients)
            network.after_step()
            window.add(found, labels)
            step = epoch * per_epoch + batch + 1
            if observe.is_observation_step(batch + 1, per_epoch):
                now = epoch + (batch + 1) / per_epoch
                sample = window.sample(step, now)
                if not math.isfinite(sample.loss):
                    raise Diverged(f"The loss became infinite in epoch {epoch + 1}: {DIVERGENCE_HINT}.")
                loss_sum, hit_sum = loss_sum + sample.loss * window.images, hit_sum + sample.accuracy * window.images
                yield sample
                yield from _branches(objective, window, step, now)
                shares = gradients.branch_shares(network, *shown, objective if watched else None)
                for state in observe.observe_layers(network, probe, window, step, now, shares):
                    if math.isnan(state.var_u):  # such a layer is silent, and the loss of those behind it finite
                        raise Diverged(
                            f"The weights of {state.name} became infinite in epoch {epoch + 1}: {DIVERGENCE_HINT}."
                        )
                    yield state
                yield from network.timings(probe, step, now, final=False)
                window.clear()
            yield Progress(step, epochs * per_epoch)
        if epoch + 1 == epochs:
            network.after_training(training_images)
            yield from network.timings(probe, epochs * per_epoch, epochs, final=True)
        score, seen = train.evaluate(network, test_images, crew()), len(training_images)
        held = train.evaluate(network, held_out, crew()) if held_out else None
        if epoch + 1 == epochs:
            yield pack_predictions(epochs, design.data.name, score.predicted, test_images.labels.numpy())
        yield EpochEnd(
            epoch=epoch + 1,
            train_accuracy=hit_sum / seen,
            test_accuracy=score.accuracy,
            train_loss=loss_sum / seen,
            test_loss=score.loss,
            rate=score.rate,
            learning_rate=rate,
            validation_accuracy=held.accuracy if held else None,
            validation_loss=held.loss if held else None,
        )
        yield Checkpoint(epoch + 1, optimizer.arrays(final=epoch + 1 == epochs))


def _branches(
    objective: BranchObjective | None, window: observe.RunningSums, step: int, now: float
) -> Iterator[Branch]:
    if objective is not None:
        for (index, name), loss in zip(objective.branches.names.items(), window.losses(), strict=True):
            yield Branch(step, now, index + 1, name, loss, objective.branch)

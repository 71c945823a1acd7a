"""Gaussian processes of searches, by BoTorch in float64: fitting, and choosing the next candidates.

Values are standardised and negated, as BoTorch maximises. Nothing here uses torch's global random generator.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from snnviz.search.scales import Scale
from snnviz.theory.posterior import Code, FittedProcess

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # linear_operator uses torch.jit.script
    from botorch.acquisition.analytic import UpperConfidenceBound
    from botorch.acquisition.monte_carlo import qUpperConfidenceBound
    from botorch.acquisition.multi_objective import logei
    from botorch.models import SingleTaskGP
    from botorch.models.kernels import CategoricalKernel
    from botorch.models.model_list_gp_regression import ModelListGP
    from botorch.models.utils.gpytorch_modules import get_covar_module_with_dim_scaled_prior
    from botorch.optim.fit import fit_gpytorch_mll_scipy
    from botorch.optim.optimize import optimize_acqf_discrete
    from botorch.sampling.normal import SobolQMCNormalSampler
    from botorch.utils.constraints import LogTransformedInterval
    from gpytorch.kernels import Kernel, ScaleKernel
    from gpytorch.likelihoods import GaussianLikelihood
    from gpytorch.means import ConstantMean
    from gpytorch.mlls import ExactMarginalLogLikelihood
    from gpytorch.priors import LogNormalPrior, NormalPrior
    from gpytorch.settings import max_cholesky_size
    from linear_operator.utils.errors import NanError, NotPSDError

# BoTorch would compile a C++ kernel at the first choice, a minute in which nothing happens, and where there is no
# compiler go on without it, with other last digits: a search must not depend on the machine.
logei._load_attempted = True

LENGTHSCALE_PRIOR = (0.0, 1.0)
OUTPUTSCALE_PRIOR = (0.0, 1.0)
NOISE_PRIOR = (-3.0, 1.0)
"""Priors: mean and standard deviation of the logarithm of the length scales, of the variance, and of the noise
variance.
"""

DRAWS = 256
"""Number of Sobol points with which the acquisition function of a batch is estimated."""

FRONT_DRAWS = 64
"""The same where the improvement of a front is estimated, which takes a hundred times as long."""

ENTRIES = 2**21
"""Largest number of kernel entries, over candidates, batch and slots, that are computed at once: 16 MiB."""


def fit_gaussian_process(codes: Sequence[Code], values: Sequence[float], kernel: str) -> FittedProcess:
    """Returns the maximum a posteriori hyperparameters for one or more observed codes (an option for each slot);
    `kernel` is one of `search.KERNELS`.

    If the optimisation fails, the modes of the priors are returned instead of an earlier fit, so that a resumed search
    gets the same result.
    """
    shift, spread = float(np.mean(values)), float(np.std(values))
    if spread < 1e-9 * max(1.0, abs(shift)):
        spread = 1.0
    slots = len(codes[0])
    modes = FittedProcess(
        (_mode(LENGTHSCALE_PRIOR),) * slots, _mode(OUTPUTSCALE_PRIOR), _mode(NOISE_PRIOR), 0.0, shift, spread
    )
    with _alone():
        model = _model(modes, codes, values, lengths=slots if kernel == "hamming-ard" else 1)
        likelihood = ExactMarginalLogLikelihood(model.likelihood, model).train()
        try:
            fit_gpytorch_mll_scipy(likelihood, options={"maxiter": 200})
        except (NanError, NotPSDError):
            return modes
        return _belief(model, slots, shift, spread) or modes


def choose_candidates(
    belief: FittedProcess,
    codes: Sequence[Code],
    values: Sequence[float],
    candidates: Sequence[Code],
    pending: Sequence[Code],
    *,
    count: int,
    kappa: float,
) -> list[Code]:
    """Returns the `count` best candidates, without repetition, by the fitted process `belief`; all if there are fewer.

    A single one with nothing pending: the smallest mean - kappa sd. Otherwise one after the other by qUCB, given those
    before and the pending ones. BoTorch scales beta so that qUCB of a single code is UCB: beta = kappa^2 for both.
    """
    with _alone():
        model = _model(belief, codes, values, lengths=len(belief.lengths)).eval()
        choices, beta = _double(candidates), kappa**2
        batch = min(count, len(candidates))
        rows = len(pending) + batch
        acquisition: UpperConfidenceBound | qUpperConfidenceBound
        if rows == 1:
            acquisition = UpperConfidenceBound(model, beta)
        else:
            sampler = SobolQMCNormalSampler(torch.Size([DRAWS]), seed=0)
            waiting = _double(pending) if pending else None
            acquisition = qUpperConfidenceBound(model, beta, sampler, X_pending=waiting)
        entries = rows * (rows + len(codes)) * len(belief.lengths)
        chosen, _ = optimize_acqf_discrete(
            acquisition, batch, choices, max_batch_size=max(1, ENTRIES // entries), return_acq_values=False
        )
    return [tuple(int(option) for option in code) for code in chosen.tolist()]


def choose_for_front(
    scales: Sequence[Scale],
    codes: Sequence[Code],
    values: Sequence[Sequence[float]],
    candidates: Sequence[Code],
    pending: Sequence[Code],
    *,
    count: int,
) -> list[int]:
    """Returns the positions in `candidates` of the `count` best ones for improving a Pareto front (qLogNEHVI), chosen
    one after the other, given the pending codes: those that are being evaluated.

    values: for each code one number per objective, all minimised. The reference point lies a tenth of their range
    beyond the worst value of each: BoTorch's own lies beyond the worst of the front, and what is better in accuracy but
    dearer than all of an early front would count as nothing.
    """
    with _alone():
        seen, choices = _features(scales, codes), _features(scales, candidates)
        low = _double(values)
        spread = low.std(0, correction=0)
        spread = torch.where(spread < 1e-9 * low.abs().mean(0).clamp(min=1), torch.ones_like(spread), spread)
        high = (low.mean(0) - low) / spread
        model = ModelListGP(*(_objective(scales, seen, column) for column in high.T)).eval()
        acquisition = logei.qLogNoisyExpectedHypervolumeImprovement(
            model,
            high.amin(0) - 0.1 * (high.amax(0) - high.amin(0)) - 1e-3,
            seen,
            sampler=SobolQMCNormalSampler(torch.Size([FRONT_DRAWS]), seed=0),
            X_pending=_features(scales, pending) if pending else None,
            prune_baseline=True,
        )
        chosen, _ = optimize_acqf_discrete(acquisition, count, choices, max_batch_size=64, return_acq_values=False)
    places = {tuple(row): place for place, row in reversed(list(enumerate(choices.tolist())))}
    return [places[tuple(row)] for row in chosen.tolist()]


def _features(scales: Sequence[Scale], codes: Sequence[Code]) -> Tensor:
    """(codes, numbers): ordered ones first."""
    first = [s for s, scale in enumerate(scales) if scale.ordered]
    rest = [s for s, scale in enumerate(scales) if not scale.ordered]
    return _double([[number for s in (*first, *rest) for number in scales[s].rows[code[s]]] for code in codes])


def _objective(scales: Sequence[Scale], seen: Tensor, high: Tensor) -> SingleTaskGP:
    """A fitted process: the kernel of the ordered numbers times that of the categories. If the fit fails, its modes."""
    ordered = sum(len(scale.rows[0]) for scale in scales if scale.ordered)
    kernel: Kernel | None = None
    if ordered:
        kernel = get_covar_module_with_dim_scaled_prior(ordered, active_dims=list(range(ordered)))
    if ordered < seen.shape[1]:
        places = list(range(ordered, seen.shape[1]))
        inner = CategoricalKernel(
            active_dims=places,
            lengthscale_prior=LogNormalPrior(*LENGTHSCALE_PRIOR),
            lengthscale_constraint=LogTransformedInterval(1e-4, 1e4),
        )
        inner.lengthscale = _double(_mode(LENGTHSCALE_PRIOR))
        kernel = inner if kernel is None else kernel * inner
    noise = GaussianLikelihood(LogNormalPrior(*NOISE_PRIOR), LogTransformedInterval(1e-4, 1e4))
    noise.noise = _double(_mode(NOISE_PRIOR))
    model = SingleTaskGP(seen, high[:, None], likelihood=noise, covar_module=kernel, outcome_transform=None)
    start = {name: value.clone() for name, value in model.state_dict().items()}
    try:
        fit_gpytorch_mll_scipy(ExactMarginalLogLikelihood(model.likelihood, model).train(), options={"maxiter": 100})
    except (NanError, NotPSDError):
        model.load_state_dict(start)
    return model


@contextmanager
def _alone() -> Iterator[None]:
    """Leaves torch's random numbers and the warning filters as they were; factorises exactly, however many rows."""
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings(), max_cholesky_size(10**6):
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        yield


def _double(numbers: object) -> Tensor:
    """As float64: a Python number that GPyTorch converts itself goes through float32."""
    return torch.tensor(numbers, dtype=torch.float64)


def _model(belief: FittedProcess, codes: Sequence[Code], values: Sequence[float], *, lengths: int) -> SingleTaskGP:
    """A process with the numbers of `belief` and this many free lengths: 1, or one for each slot."""
    ard = lengths if lengths > 1 else None
    bounds = {name: LogTransformedInterval(1e-4, 1e4) for name in ("length", "scale", "noise")}
    inner = CategoricalKernel(
        ard_num_dims=ard, lengthscale_prior=LogNormalPrior(*LENGTHSCALE_PRIOR), lengthscale_constraint=bounds["length"]
    )
    kernel = ScaleKernel(inner, LogNormalPrior(*OUTPUTSCALE_PRIOR), bounds["scale"])
    noise = GaussianLikelihood(LogNormalPrior(*NOISE_PRIOR), bounds["noise"])
    level = ConstantMean(NormalPrior(0.0, 1.0))
    high = (belief.shift - _double(values)[:, None]) / belief.spread
    model = SingleTaskGP(
        _double(codes), high, likelihood=noise, covar_module=kernel, mean_module=level, outcome_transform=None
    )
    inner.lengthscale = _double(belief.lengths[:lengths])
    kernel.outputscale = _double(belief.scale)
    noise.noise = _double(belief.noise)
    level.constant = _double(-belief.mean)
    return model


def _belief(model: SingleTaskGP, slots: int, shift: float, spread: float) -> FittedProcess | None:
    """The model's numbers, or None where one is not finite."""
    kernel = model.covar_module
    lengths = kernel.base_kernel.lengthscale.detach().flatten().tolist()
    scale, noise = kernel.outputscale.item(), model.likelihood.noise.item()
    mean = -model.mean_module.constant.item()
    if not all(map(math.isfinite, (*lengths, scale, noise, mean))):
        return None
    return FittedProcess(tuple(lengths * (slots // len(lengths))), scale, noise, mean, shift, spread)


def _mode(prior: tuple[float, float]) -> float:
    """Of a logarithmic normal distribution."""
    return math.exp(prior[0] - prior[1] ** 2)

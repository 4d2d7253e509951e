"""One GPU: what a step of the model costs at a given clock, heat, and the clock governor."""

import math
from dataclasses import dataclass, field

# The model and the card. 64 layers x 8 KV heads x 128 x 2 (K, V) x 2 bytes = 256 KiB a token.
WEIGHT_BYTES = 33e9
KV_BYTES_PER_TOKEN = 256 * 1024
KV_CAPACITY_TOKENS = 150_000
MEMORY_BYTES_PER_S = 3.35e12 * 0.80
# 64 GFLOP a token at half of the card's dense FP8 peak (1,979 TFLOP/s).
PREFILL_S_PER_TOKEN = 65e-6
# Attention adds 4 x 64 x 5120 FLOP a token of context: as much as the weights at 49k tokens.
ATTENTION_CONTEXT = 49_000.0
HOST_S_PER_STEP = 0.0015  # scheduling and sampling on the CPU
KERNEL_S_PER_STEP = 0.0025  # launches, norms, reductions: follow the SM clock

MAX_MHZ, SOFTWARE_MHZ, HARDWARE_MHZ, IDLE_MHZ = 1980, 1305, 700, 345
MEMORY_MHZ = 2619
STEP_MHZ = 15
COOLANT_C = 28.0
RESISTANCE_K_PER_W = 0.0557
FAILED_FACTOR = 4.0
FAILURE_TIME_CONSTANT_S = 75.0
HEAT_CAPACITY_J_PER_K = 2950.0  # cold plate and the standing coolant of its loop
SOFTWARE_C, HARDWARE_C, RELEASE_K = 71.0, 77.0, 5.0

# NVML's clock event reasons.
IDLE, SOFTWARE_THERMAL, HARDWARE_SLOWDOWN, HARDWARE_THERMAL = 0x1, 0x20, 0x8, 0x40


@dataclass(slots=True)
class StepCost:
    """What one step takes: its seconds, and which share of them each unit was busy."""

    seconds: float
    compute: float
    memory: float
    growth_s: float
    """Seconds that each further step takes more, as the decoding sequences grow."""


def prefill_work(first: int, tokens: int) -> float:
    """Return the work of prefilling `tokens` from position `first`, in plain tokens."""
    return tokens * (1.0 + (first + tokens / 2.0) / ATTENTION_CONTEXT)


def step_cost(
    work: float, decoding: int, kv_tokens: int, clock_mhz: float, shares: tuple[float, float]
) -> StepCost:
    """Return the cost of one engine step by the roofline: compute or memory, whichever is slower.

    Compute follows the SM clock; memory traffic does not, its clock being its own.

    Parameters
    ----------
    work
        Prefill in this step, from `prefill_work`.
    decoding, kv_tokens
        Sequences that gain a token, and the tokens of KV cache they read.
    clock_mhz
        The SM clock.
    shares
        Share of their usual time that prefill and decode take.
    """
    slow = MAX_MHZ / clock_mhz
    prefill_s = work * PREFILL_S_PER_TOKEN * slow * shares[0]
    compute_s = prefill_s + decoding * PREFILL_S_PER_TOKEN * slow * shares[1]
    kv_s = KV_BYTES_PER_TOKEN / MEMORY_BYTES_PER_S * shares[1]
    memory_s = WEIGHT_BYTES / MEMORY_BYTES_PER_S * shares[1] + kv_tokens * kv_s
    fixed_s = HOST_S_PER_STEP + KERNEL_S_PER_STEP * slow
    seconds = fixed_s + max(compute_s, memory_s)
    growth_s = decoding * kv_s if memory_s >= compute_s else 0.0
    return StepCost(seconds, compute_s / seconds, min(1.0, memory_s / seconds), growth_s)


def power_w(clock_mhz: float, busy: float, compute: float, memory: float) -> float:
    """Return the power drawn: leakage and HBM apart, dynamic power goes as clock x voltage^2."""
    if busy <= 0.0:
        return 72.0
    share = clock_mhz / MAX_MHZ
    voltage = max(0.70, 0.70 + 0.30 * (clock_mhz - 900.0) / (MAX_MHZ - 900.0))
    switching = share * voltage * voltage
    return 72.0 + 48.0 * busy + 100.0 * memory + switching * (182.0 * busy + 315.0 * compute)


@dataclass(slots=True)
class Gpu:
    """A card with its heat and its clock, stepped once a second."""

    resistance: float = RESISTANCE_K_PER_W
    temperature: float = 51.0
    clock_mhz: int = MAX_MHZ
    power: float = 430.0
    reasons: int = 0
    failed_at: float = math.inf
    throttling: bool = True
    idle_s: float = 0.0
    software: bool = False
    hardware: bool = False
    since: dict[str, float] = field(default_factory=dict[str, float])
    """When each phase began, for the record."""

    def step(self, now: float, busy: float, compute: float, memory: float) -> None:
        """Advance by one second whose mean activity was `busy`, `compute`, `memory`."""
        self.power = power_w(self.clock_mhz, busy, compute, memory)
        resistance = self.resistance
        if now > self.failed_at:
            lost = 1.0 - math.exp((self.failed_at - now) / FAILURE_TIME_CONSTANT_S)
            resistance *= 1.0 + (FAILED_FACTOR - 1.0) * lost
        outflow = (self.temperature - COOLANT_C) / resistance
        self.temperature += (self.power - outflow) / HEAT_CAPACITY_J_PER_K
        self.idle_s = 0.0 if busy > 0.0 else self.idle_s + 1.0
        self._govern(now)

    def _govern(self, now: float) -> None:
        """Set the clock: hold the hardware limit, else a fixed software step, else run free."""
        was = self.software, self.hardware
        if self.throttling:
            self.hardware = self.temperature >= HARDWARE_C - (RELEASE_K if self.hardware else 0.0)
            self.software = self.temperature >= SOFTWARE_C - (RELEASE_K if self.software else 0.0)
        if self.idle_s > 5.0:
            self.clock_mhz = IDLE_MHZ
        elif self.hardware and not was[1]:
            self.clock_mhz = HARDWARE_MHZ
        elif self.hardware:
            self._hold()
        elif self.software:
            self.clock_mhz = max(SOFTWARE_MHZ, self.clock_mhz - 4 * STEP_MHZ)
        else:
            self.clock_mhz = min(MAX_MHZ, self.clock_mhz + 8 * STEP_MHZ)
        self.reasons = (
            (IDLE if self.idle_s > 5.0 else 0)
            | (SOFTWARE_THERMAL if self.software else 0)
            | (HARDWARE_SLOWDOWN | HARDWARE_THERMAL if self.hardware else 0)
        )
        if self.software and not was[0]:
            self.since.setdefault("software_slowdown", now)
        if self.hardware and not was[1]:
            self.since.setdefault("hardware_slowdown", now)
        if was[0] and not self.software:
            self.since.setdefault("released", now)

    def _hold(self) -> None:
        if self.temperature > HARDWARE_C + 0.25:
            self.clock_mhz = max(HARDWARE_MHZ - 6 * STEP_MHZ, self.clock_mhz - STEP_MHZ)
        elif self.temperature < HARDWARE_C - 0.75:
            self.clock_mhz = min(HARDWARE_MHZ + 6 * STEP_MHZ, self.clock_mhz + STEP_MHZ)

"""Mutants that make no difference but in speed, with the reason."""

from tests.equations.equivalent import Equivalent

SHORTER = "a shorter way to the same"

EQUIVALENT = [
    # adabound_np
    Equivalent(
        "checks.power",
        r"^if False|<= 1e-17|beta \* t\.item",
        "1 - beta^t is 1 either way, to rounding",
    ),
    Equivalent("checks.real", r"^if False and type\(value\) is float", SHORTER),
    Equivalent("checks.nearest", r"n=2", "only the first is used"),
    Equivalent("checks.array_of", r"^if False and type\(x\) is np\.float64", SHORTER),
    Equivalent("Algorithm.update", r"True or not moderate", "finite states are looked at again"),
    Equivalent("Algorithm.update", r"x_new if False", "a copy has the same values"),
    Equivalent(
        "Algorithm.check_group", r"schedule if False|np\.all\(False and", "1 times the schedule"
    ),
    Equivalent(
        "Algorithm.check_group",
        r"True or np\.any\(weight_decay\)\) and decoupled",
        "a decay of 0 takes nothing away",
    ),
    Equivalent("algorithm.at_rest", r"initial=1\.0", "1 is finite as 0 is"),
    Equivalent("algorithm.at_rest", r"^if False and np\.maximum", SHORTER),
    Equivalent("checks.is_pair", r"'ndim', 2", "any number above 0"),
    Equivalent(
        "Optimizer.step",
        r"moderate = False and|^if False and \(moderate|l2_decay and is_moderate",
        "blocks change no value, and finite states are looked at again",
    ),
    Equivalent("algorithm.owned", r"^if True or", "a copy has the same values"),
    Equivalent("Optimizer.step", r"nbytes (>= 2|> 2 \+|> 3) ?\*? BLOCK", "blocks change no value"),
    Equivalent(
        "Optimizer.state_dict", r"True or name != 'params'", "the next line replaces params"
    ),
    Equivalent("Optimizer._jobs", r"^if True or", "parameters are admitted once more"),
    Equivalent("Optimizer._in_blocks", r"np\.empty|^if False:$", "what it does for speed alone"),
    Equivalent(
        "", r"reshape\((len\(\w+\), )?-2", "NumPy takes any negative length for the one to find"
    ),
    Equivalent(
        "parameters.gradient_of",
        r"if False and \(grad|if grad is None and",
        "None has no .data, and an array's .data is read back as the same array",
    ),
    Equivalent("parameters.check_gradient", r"^if False and \(type|<= _moderate", SHORTER),
    Equivalent("parameters.check_gradient", r"Array, g\), False", "states are looked at again"),
    Equivalent("parameters.check_gradient", r"^if True or type", "an array as an array is itself"),
    Equivalent("parameters.is_moderate", r"<= _moderate", "one number, with 2^40 in between"),
    Equivalent("parameters.check_overlap", r"True or|>= low", "more pairs are looked at"),
    Equivalent("parameters.apart", r"\(?False and|if True or", "a copy, or a look, too many"),
    Equivalent("L2Ball.project", r"^if False and \(not outside", "where(outside) leaves y"),
    Equivalent(
        "L2Ball.project",
        r"range\(101\)|rise < 4|5 \* np\.finfo|^if False|np\.all\(False",
        "Newton's method goes on after it has converged",
    ),
    Equivalent("L2Ball.contains", r"\(z\) < self", "one number, the radius and all of the slack"),
    Equivalent("L2Ball.argmin_linear", r"== 0, 2", "0/2 is 0/1"),
    Equivalent(
        "RunningProduct._recalled",
        r"t - 1 if False|else min\(|if False and i <= t|i < t\)",
        "the same product, from more factors",
    ),
    # problems/rates
    Equivalent("curvature.threshold", r"momentum\.value if False", "a constant at step 1000"),
    Equivalent("curvature.sharpness", r"len\(x\) < FEW", "both ways give the same"),
    Equivalent("curvature.sharpness", r"default_rng\(1\)", "another start of Lanczos' method"),
    Equivalent("RateRecord.held", r"axis=1", "the last of two axes"),
    Equivalent("RateRecord._check", r"shape\[1\]", "the last of two axes"),
    Equivalent(
        "Recorder.take",
        r"np\.nan if False and|\[False and sizes|sizes > 1\]\)\.any",
        "a sum with NaN is NaN",
    ),
    Equivalent("recorder.record_online", r"next\(kept, 1\)", "no step after the last is step 1"),
    # problems/ledger
    Equivalent("amsgrad.gradients", r">= 0\.1", "no draw is exactly 0.1"),
    Equivalent("amsgrad.gamma", r"inverse = 2 /|inverse > 1|, 2\)$", "a share of itself"),
    Equivalent(
        "dimensions.line",
        r"2000000",
        "slopes of the sequences repeat long before a million steps",
    ),
    Equivalent(
        "first_step.first_step_safety",
        r"limit (\* 2|\+ 1)000|high >= low|1 - 1e-13|4e-16|^if False(:$| and \(?(grows|middle))",
        "where the bisection begins and ends, with the same edge in between",
    ),
    Equivalent("Entry.run", r"\+ begin", "seconds, which are not compared"),
    Equivalent("", r"^assert True or", "what mypy is told"),
    Equivalent("Bounds.eta_u", r"- 0\.0 \* t", "0 added or taken away"),
    Equivalent("wilson.lemma", r"loss <= DONE", "one number"),
    Equivalent("dimensions.shared_assumptions.inside", r"axis=1\)", "the last of two axes"),
    Equivalent(
        "luo.theorem_1", r"regret\[-2\] -|\[half - 2\]", "the last function of a cycle is 0"
    ),
    Equivalent("luo_regret.admissible", r"2e\+30", "another step that is late enough"),
    Equivalent("reddi.drift", r"np\.arange\(1, T \+ 2\)", "a step more, that is not used"),
    Equivalent("stability.stability", r"_forms\(0\.5, 2\.0\)", "only names are looked at"),
    # problems/online
    Equivalent(
        "comparators._logistic",
        r"2000|1\.0\), center|2\.0\), center",
        "where a search begins and ends",
    ),
    Equivalent("comparators._on_the_ball", r"31\.0|>= 0", "where a search begins"),
    Equivalent("", r"perf_counter\(\) \+ begin", "seconds, which are not compared"),
    Equivalent("engines._one_by_one", r"2 << 14|1 << 15", "chunks of another length"),
    Equivalent("LinearProblem.comparator", r"2 << 20|1 << 21", "chunks of another length"),
    Equivalent(
        "problem.ends", r"end\(2\.0\)|end\(-2\.0\)", "the same end for every slope of a sign"
    ),
    Equivalent("parallel_in_time.starts", r"^if True or maxima", "a pass whose end is not read"),
    Equivalent(
        "parallel_in_time._product",
        r"^if False and np\.ndim",
        "a power is the product of equal factors, to rounding",
    ),
    Equivalent("parallel_in_time._steps", r"r, 0\.0, 2\.0, t", "twice a step of 0 is 0"),
    Equivalent("verdict.trend", r"slope <= 0 ", "a slope of 0 is flat"),
    Equivalent("trust.noise", r"default_rng\(1\)|<= 0\.1", "another draw"),
    Equivalent(
        "trust._difference", r"range\(5, 18\)|, 18\)$", "two NaN look the same with any digits"
    ),
    Equivalent("setting.least", r"high \+= 2", "slower to the same"),
    Equivalent("side_by_side.summarize_all", r"timeout=1\.2", "tells less often"),
    Equivalent(
        "comparators._logistic.penalized",
        r"range\(101\)|norm\(step\) < 1e-14",
        "Newton's method goes on after it has converged",
    ),
    Equivalent("comparators._absolute", r"now\.gap <= best\.gap", "another one that is as good"),
    Equivalent("comparators._absolute", r"best\.gap < TOLERANCE", "one number"),
    Equivalent(
        "VectorProblem.gradient_bound",
        r"\(2, -1\)|\(1, -2\)",
        "the same end for every slope of a sign",
    ),
    Equivalent("losses.vector_problem", r"z <= 0", "no draw is exactly 0"),
    Equivalent(
        "LinearProblem.reveal",
        r"range\(1, T \+ 2, chunk\)",
        "at most an empty range of slopes more",
    ),
    Equivalent(
        "LinearProblem.comparator",
        r"range\(1, T \+ 2, chunk\)",
        "at most an empty range of slopes more",
    ),
    Equivalent(
        "LinearProblem.least", r"slope <= 0|slope == 0, 1\.0", "0 times any finite number is 0"
    ),
    Equivalent("setting.least", r"high // 3", "where the bisection begins"),
    Equivalent(
        "reddi_theorem3.theorem3_constant",
        r"max\((?!2 \* \(1 \+ delta\),)",
        "B >= 1, so that the second is always the larger one",
    ),
    # problems/sweeps
    Equivalent("cells.run_cell", r"points=3", "a point of a curve that is not used"),
    Equivalent("records._entries", r"read\(2\)", "whether there is more, a byte or two"),
    Equivalent("records.locked", r"'O_NOFOLLOW', 1|^if (True or|False and) sys", "Windows alone"),
    Equivalent("records.locked", r"^if False:$", "Windows alone: what is open stays"),
    Equivalent("records._try_lock", r"^if False|NBLCK, 2", "Windows alone"),
    Equivalent("runner.pool", r"duplex=True", "the other way is not used"),
    Equivalent("runner.connect", r"ThreadPoolExecutor\(2\)", "it makes one call"),
    # problems/learning
    Equivalent("wilson.wilson", r"rng\.random\(size\) <= share", "no draw is exactly p"),
    Equivalent("crop_and_flip", r"<= 0\.5", "no draw is exactly 0.5"),
    Equivalent("crop_and_flip", r"\(\(0, 1\), \(0, 0\)", "an image more, that is not used"),
    Equivalent("gan.ring", r"- STD", "the normal distribution is symmetric: another draw"),
    Equivalent("", r"reshape\(\w+, \((x\.shape\[0\], )?-2", "any negative length is to be found"),
    Equivalent("Classification.__init__", r"\(1, -2, 1, 1\)", "any negative length is to be found"),
    Equivalent("LanguageModel.__init__", r"spawn\(2\)\[0\]", "the first child is the same"),
    Equivalent("checkpoints.write", r"^if False:$", "a zip file is flushed when it ends"),
    Equivalent("images.decompressed", r"most \+ 2", "whether there is more, a byte or two"),
    Equivalent("Run._restore", r"default_rng\(1\)", "its state is replaced"),
]

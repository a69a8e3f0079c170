# Ladders of items answered in ordered categories: what semTools' measEq.syntax (Wu & Estabrook 2016) makes of stated
# calls with lavaan, rung by rung; of two categories, which it does not serve, models written by hand.
#   Rscript make_ordered_ladder.R [FOLDER]      writes a JSON file a ladder into ordered_ladder/
# steps.csv comes from make_ordered.R. tests/test_ordered_ladder_golden.py climbs each of them.
source("oracle.R")
into <- file.path(folder, "ordered_ladder")
dir.create(into, showWarnings = FALSE)
ANSWERS <- stored("steps.csv")
FAMILIES <- list(configural = "configural", thresholds = "thresholds", metric = c("thresholds", "loadings"), scalar = c("thresholds", "loadings", "intercepts"),
                 strict = c("thresholds", "loadings", "intercepts", "residuals"))
KEPT <- c("chisq", "df", "srmr", "chisq.scaled", "pvalue.scaled", "cfi.scaled", "rmsea.scaled")

# A fit, its steps made with the Hessian of weighted least squares until the gradient is flat (as in make_ordered.R).
polished_ordered <- function(text, items, group, parameterization) {
  args <- list(model = text, data = ANSWERS, ordered = items, group = group, group.label = sort(unique(ANSWERS[[group]])), estimator = "WLSMV",
               missing = "listwise", parameterization = parameterization)
  fit <- do.call("lavaan", args)
  for (again in 1:60) {
    if (steepest(fit) < 1e-11) break
    K <- directions(fit); J <- lavInspect(fit, "delta"); V <- lavInspect(fit, "wls.v"); n <- lavInspect(fit, "nobs")
    H <- Reduce(`+`, Map(function(j, v, k) k / sum(n) * crossprod(j, v %*% j), J, V, n))
    change <- K %*% solve(crossprod(K, H %*% K), crossprod(K, as.numeric(lavInspect(fit, "gradient"))))
    start <- parTable(fit); loose <- start$free > 0
    start$est[loose] <- start$est[loose] - change[start$free[loose]]
    fit <- do.call("lavaan", c(args, list(start = start, optim.method = "none", optim.force.converged = TRUE)))
  }
  stopifnot(lavInspect(fit, "converged"), steepest(fit) < 1e-10)
  fit
}
syntax_of <- function(model, items, group, parameterization, level, free) {
  args <- list(configural.model = model, data = ANSWERS, ordered = items, parameterization = parameterization, ID.fac = "std.lv", ID.cat = "Wu.Estabrook.2016",
               group = group, group.equal = FAMILIES[[level]])
  if (length(free)) args$group.partial <- free
  as.character(do.call("measEq.syntax", args))
}

# Two categories in two groups: thresholds, loadings and intercepts are equal at once; the second group's means,
# variances and, until the last rung, the items' units are free.
two_of <- function(model, items, parameterization, level) {
  pair <- function(name, tied) paste0("c(", name, if (tied) "," else "_1,", name, if (tied) "" else "_2", ")")
  tied <- level != "configural"; unit <- if (parameterization == "theta") "~~" else "~*~"; text <- character(0)
  for (line in strsplit(model, "\n")[[1]]) {
    parts <- strsplit(line, " =~ ")[[1]]; mine <- strsplit(parts[2], " \\+ ")[[1]]
    text <- c(text, paste(parts[1], "=~", paste0(vapply(paste0("l", mine), pair, "", tied), "*", mine, collapse = " + ")))
    text <- c(text, paste(parts[1], "~~", if (tied) "c(1,NA)" else "c(1,1)", "*", parts[1]), paste(parts[1], "~", if (tied) "c(0,NA)" else "c(0,0)", "* 1"))
  }
  for (i in items) text <- c(text, paste(i, "|", pair(paste0("t", i), tied), "* t1"), paste(i, "~ c(0,0) * 1"), paste(i, unit, if (level == "scalar") "c(1,NA)" else "c(1,1)", "*", i))
  factors <- sub(" =~.*", "", strsplit(model, "\n")[[1]])
  if (length(factors) > 1) text <- c(text, paste(factors[1], "~~", factors[2]))
  paste(text, collapse = "\n")
}

means_of <- function(fit) {
  pe <- parameterEstimates(fit); pe <- pe[pe$op == "~1" & pe$lhs %in% lavNames(fit, "lv") & pe$group > 1, ]
  data.frame(group = lavInspect(fit, "group.label")[pe$group], factor = pe$lhs, est = pe$est, se = pe$se)
}
# dMACS of an item (Nye & Drasgow 2011) by adaptive integration of the difference of expected answers over the second
# group's people, in the mean of both groups' standard deviations of the answers (divisor n - 1).
dmacs_of <- function(fit, item) {
  M <- lavInspect(fit, "est"); used <- lavInspect(fit, "data"); labels <- lavInspect(fit, "group.label")
  curve <- function(g) {
    m <- M[[g]]; tau <- m$tau[grep(paste0("^", item, "\\|"), rownames(m$tau)), 1]; j <- which(m$lambda[item, ] != 0)
    function(eta) vapply(eta, function(e) 1 + sum(pnorm((m$nu[item, 1] + m$lambda[item, j] * e - tau) / sqrt(m$theta[item, item]))), 0)
  }
  j <- which(M[[1]]$lambda[item, ] != 0); reference <- curve(1)
  rows <- lapply(seq_along(labels)[-1], function(g) {
    own <- curve(g); mean <- M[[g]]$alpha[j, 1]; sd <- sqrt(M[[g]]$psi[j, j]); n <- lavInspect(fit, "nobs")[c(1, g)]
    spread <- sum((n - 1) * c(sd(used[[1]][, item]), sd(used[[g]][, item]))) / (sum(n) - 2)
    over <- function(f) integrate(function(e) f(own(e) - reference(e)) * dnorm(e, mean, sd), mean - 9 * sd, mean + 9 * sd, rel.tol = 1e-11, subdivisions = 2000)$value
    data.frame(item = item, group = labels[g], d = sqrt(over(function(x) x^2)) / spread, d_signed = over(identity) / spread)
  })
  do.call(rbind, rows)
}

ladder_case <- function(name, model, items, group, levels = names(FAMILIES), parameterization = "theta", free = character(0), by_hand = FALSE, dmacs = character(0)) {
  cat(name, "\n")
  fits <- list()
  for (level in levels) {
    # a constraint is set aside from the rung on that would hold it equal
    families <- c("|" = "thresholds", "=~" = "loadings", "~1" = "intercepts", "~~" = "residuals")
    kind <- families[vapply(free, function(f) names(families)[vapply(names(families), grepl, TRUE, x = f, fixed = TRUE)][1], "")]
    own <- free[kind %in% FAMILIES[[level]]]
    text <- if (by_hand) two_of(model, items, parameterization, level) else syntax_of(model, items, group, parameterization, level, sub("~1$", " ~ 1", sub("|", " | ", sub("=~", " =~ ", own, fixed = TRUE), fixed = TRUE)))
    fits[[level]] <- polished_ordered(text, items, group, parameterization)
    cat(sprintf("  %s: chisq %.4f on %d df\n", level, fitMeasures(fits[[level]], "chisq"), as.integer(fitMeasures(fits[[level]], "df"))))
  }
  rows <- lapply(levels, function(level) cbind(data.frame(level = level), t(data.frame(unclass(fitMeasures(fits[[level]], KEPT))))))
  tests <- lapply(seq_along(levels)[-1], function(k) {
    test <- lavTestLRT(fits[[levels[k - 1]]], fits[[levels[k]]])
    data.frame(level = levels[k], chisq_diff = as.numeric(test[2, "Chisq diff"]), df_diff = as.numeric(test[2, "Df diff"]), pvalue = as.numeric(test[2, "Pr(>Chisq)"]))
  })
  call <- list(data = "steps.csv", model = model, group = group, ordered = I(items), parameterization = parameterization, missing = "listwise", free = free)
  parts <- list(kind = json("ladder"), call = call_json(call), rungs = table_of(do.call(rbind, rows)), differences = table_of(do.call(rbind, tests)))
  if ("scalar" %in% levels) parts$means <- table_of(means_of(fits$scalar))
  if (length(dmacs)) parts$dmacs <- table_of(do.call(rbind, lapply(dmacs, function(i) dmacs_of(fits$scalar, i))))
  file_of(name, parts)
}
seven <- c("s1", "s2", "s3", "s4"); five <- c("v1", "v2", "v3"); three <- c("d1", "d2", "d3"); two <- c("b1", "b2", "b3", "b4")
both <- "f =~ s1 + s2 + s3 + s4\ng =~ v1 + v2 + v3"; few <- "f =~ d1 + d2 + d3\ng =~ v1 + v2 + v3"
for (group in c("age", "land")) {
  ladder_case(paste0("seven_five_", group), both, c(seven, five), group)
  ladder_case(paste0("three_five_", group), few, c(three, five), group)
  ladder_case(paste0("three_only_", group), "f =~ d1 + d2 + d3", three, group, levels = c("configural", "metric", "scalar", "strict"))
}
ladder_case("seven_five_delta", both, c(seven, five), "land", levels = names(FAMILIES)[1:4], parameterization = "delta")
ladder_case("partial_land", both, c(seven, five), "land", free = c("s3|t2", "s3|t4", "g=~v2", "v2~1", "s3~1"), dmacs = c("s3", "v2"))
ladder_case("partial_age", both, c(seven, five), "age", free = c("s1|t1", "v1~1"), dmacs = c("s1", "v1"))
ladder_case("two_age", "f =~ b1 + b2 + b3 + b4", two, "age", levels = c("configural", "scalar", "strict"), by_hand = TRUE)
ladder_case("two_age_delta", "f =~ b1 + b2 + b3 + b4", two, "age", levels = c("configural", "scalar"), parameterization = "delta", by_hand = TRUE)

# What lavaan 0.6-14 and semTools 0.5-6 say of models side by side and of a structural model.
#   Rscript make_models.R [FOLDER]         writes models.json
# tests/test_models.py and tests/test_structural.py hold this package's figures against it. heaped.csv and teams.csv are
# simulated answers; holzinger.csv and four_pillars.csv come from make_golden.R. Base R writes the JSON: no other package.
suppressMessages({library(lavaan); library(semTools)})
stopifnot(packageVersion("lavaan") == "0.6.14", packageVersion("semTools") == "0.5.6")
folder <- commandArgs(TRUE); folder <- if (length(folder)) folder[1] else "."
data_of <- function(file) read.csv(file.path(folder, file), stringsAsFactors = FALSE)

quoted <- function(x) paste0("\"", x, "\"")
json <- function(x) {
  if (is.data.frame(x)) return(paste0("[\n  ", paste(vapply(seq_len(nrow(x)), function(i) json(as.list(x[i, ])), ""), collapse = ",\n  "), "]"))
  if (is.list(x)) return(paste0("{", paste0(quoted(names(x)), ": ", vapply(x, json, ""), collapse = ", "), "}"))
  if (is.character(x)) return(quoted(x))
  if (is.na(x)) "null" else formatC(x, digits = 10, format = "g")
}
# lavaan's search stops early; Newton steps from there reach the minimum to rounding (not where a bound is active).
steepest <- function(fit) max(abs(lavInspect(fit, "gradient")))
fitted_by <- function(model, data, ..., polish = TRUE) {
  args <- list(model = model, data = data, meanstructure = TRUE, ...)
  fit <- do.call("sem", args); stopifnot(lavInspect(fit, "converged"))
  for (step in 1:6) {
    if (!polish || (step > 1 && steepest(fit) < 1e-11)) break
    change <- solve(lavInspect(fit, "information.observed"), as.numeric(lavInspect(fit, "gradient")))
    start <- parTable(fit); free <- start$free > 0
    start$est[free] <- start$est[free] - change[start$free[free]]
    fit <- do.call("sem", c(args, list(start = start, optim.method = "none", optim.force.converged = TRUE)))
  }
  cat(sprintf("chisq %.4f on %d df, gradient %.0e\n", fitMeasures(fit, "chisq"), as.integer(fitMeasures(fit, "df")), steepest(fit)))
  fit
}
measures <- function(fit) as.list(fitMeasures(fit, c("chisq", "df", "cfi", "rmsea", "srmr", "bic")))

four <- list(prototypicality = paste0("pro", 1:4), advancement = paste0("adv", 1:4),
             entrepreneurship = paste0("ent", 1:4), impresarioship = paste0("imp", 1:4))
lines <- function(factors) paste(names(factors), "=~", vapply(factors, paste, "", collapse = " + "), collapse = "\n")
all_items <- unlist(four, use.names = FALSE)
second <- paste0(lines(four), "\ngeneral =~ NA*", paste(names(four), collapse = " + "), "\ngeneral ~~ 1*general")
bifactor <- paste0(lines(list(general = all_items)), "\n", lines(four))

# 1. Heterotrait-monotrait ratios
three <- list(visual = paste0("x", 1:3), textual = paste0("x", 4:6), speed = paste0("x", 7:9))
hs <- data_of("holzinger.csv")
ratios <- function(geometric) {
  h <- unclass(htmt(lines(three), hs, htmt2 = geometric, absolute = TRUE)); at <- which(lower.tri(h), arr.ind = TRUE)
  data.frame(factor_1 = rownames(h)[at[, 2]], factor_2 = rownames(h)[at[, 1]], htmt = h[at])
}

# 2. Five models of the same answers; strength of the general factor: from lavaan's standardised loadings by
# Rodriguez, Reise & Haviland (2016), and omega-hierarchical from semTools on standardised answers.
pillars <- data_of("four_pillars.csv")[all_items]
fits <- list(
  one_factor = fitted_by(lines(list(general = all_items)), pillars, std.lv = TRUE),
  two_factors = fitted_by(lines(list(rest = all_items[1:12], impresarioship = four[[4]])), pillars, std.lv = TRUE),
  correlated = fitted_by(lines(four), pillars, std.lv = TRUE),
  second_order = fitted_by(second, pillars),
  bifactor = fitted_by(bifactor, pillars, std.lv = TRUE, orthogonal = TRUE))
L <- lavInspect(fits$bifactor, "std")$lambda; R <- cov2cor(lavInspect(fits$bifactor, "sigma")); g <- L[, "general"]; s <- L[, names(four)]
scaled <- fitted_by(bifactor, as.data.frame(scale(pillars)), std.lv = TRUE, orthogonal = TRUE)
strength <- list(
  omega_h = sum(g)^2 / sum(R), omega_t = (sum(g)^2 + sum(colSums(s)^2)) / sum(R), ecv = sum(g^2) / (sum(g^2) + sum(s^2)),
  omega_h_semtools = as.numeric(compRelSEM(scaled, obs.var = FALSE)["general"]),
  second_order_share = as.numeric(compRelSEM(fits$second_order, obs.var = TRUE, higher = "general")["general"]))

# 3. Variances bounded at 0
heaped <- data_of("heaped.csv")
bound <- fitted_by(second, heaped, bounds = "pos.var", polish = FALSE)
e <- parameterEstimates(bound)[c("lhs", "op", "rhs", "est")]
bounded <- list(chisq = as.numeric(fitMeasures(bound, "chisq")), free = as.numeric(fitMeasures(fitted_by(second, heaped), "chisq")),
                estimates = e[e$op %in% c("=~", "~~"), ])

# 4. A structural model with effects: MLR, full information, clusters
model <- c(lines(four), paste("shared_identity ~", paste0("a_", 0:3, "*", names(four), collapse = " + ")))
outcomes <- c("communication", "wellbeing")
for (k in 0:1) model <- c(model, paste0(outcomes[k + 1], " ~ b_", k, "*shared_identity + ", paste0("c_", k, "_", 0:3, "*", names(four), collapse = " + ")))
for (k in 0:1) for (j in 0:3) model <- c(model, sprintf("direct_%d_%d := c_%d_%d", k, j, k, j), sprintf("indirect_%d_%d := a_%d*b_%d", k, j, j, k),
                                         sprintf("total_%d_%d := c_%d_%d + a_%d*b_%d", k, j, k, j, j, k))
path <- fitted_by(paste(model, collapse = "\n"), data_of("teams.csv"), std.lv = TRUE, estimator = "MLR", missing = "fiml",
                  cluster = "team", em.h1.tol = 1e-13, em.h1.iter.max = 20000L)
pe <- parameterEstimates(path); st <- standardizedSolution(path)
kept <- pe$op %in% c("~", ":="); stopifnot(all(pe$lhs == st$lhs), all(pe$op == st$op))
effects <- data.frame(lhs = pe$lhs, op = pe$op, rhs = pe$rhs, est = pe$est, se = pe$se, lower = pe$ci.lower, upper = pe$ci.upper,
                      std = st$est.std, std_se = st$se, std_lower = st$ci.lower, std_upper = st$ci.upper)[kept, ]
structural <- list(chisq_scaled = as.numeric(fitMeasures(path, "chisq.scaled")), df = as.numeric(fitMeasures(path, "df")), effects = effects)

parts <- list(htmt = ratios(FALSE), htmt2 = ratios(TRUE), fits = lapply(fits, measures), strength = strength, bounded = bounded,
              structural = structural, lavaan = "0.6-14", semTools = "0.5-6")
writeLines(json(parts), file.path(folder, "models.json"))

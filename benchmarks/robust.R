# One round of the four-rung ladder by MLR in lavaan: Rscript robust.R ANSWERS REPEATS ESTIMATES
# Prints the seconds (processor, clock) of each repeat after a fit of one group that is not counted, then versions; R's start, the
# loading of lavaan and the reading of the answers are not in them. Writes the estimates of the last repeat.
suppressMessages(library(lavaan))
args <- commandArgs(TRUE)
answers <- read.csv(args[1])
pillars <- c("prototypicality", "advancement", "entrepreneurship", "impresarioship")
model <- paste0(pillars, " =~ ", vapply(c("pro", "adv", "ent", "imp"), function(x) paste0(x, 1:4, collapse = " + "), ""), collapse = "\n")
rungs <- list(configural = "", metric = "loadings", scalar = c("loadings", "intercepts"), strict = c("loadings", "intercepts", "residuals"))
measures <- c("npar", "chisq", "df", "pvalue", "chisq.scaled", "pvalue.scaled", "chisq.scaling.factor", "cfi", "tli", "rmsea", "cfi.robust", "tli.robust", "rmsea.robust",
  "rmsea.ci.lower.robust", "rmsea.ci.upper.robust", "srmr", "logl", "aic", "bic")
climb <- function() lapply(rungs, function(equal) {
  fit <- cfa(model, answers, group = "generation", group.equal = equal, std.lv = TRUE, estimator = "MLR", missing = if (anyNA(answers)) "fiml" else "listwise")
  list(estimates = parameterEstimates(fit, standardized = TRUE), measures = fitMeasures(fit, measures), groups = lavInspect(fit, "group.label"))
})
invisible(fitMeasures(cfa(model, answers[1:500, ], estimator = "MLR", missing = "listwise")))
for (i in seq_len(as.integer(args[2]))) { took <- system.time(read <- climb()); cat("seconds", sum(took[1:2]), took[["elapsed"]], "\n") }
cat("version R", as.character(getRversion()), "\n"); cat("version lavaan", as.character(packageVersion("lavaan")), "\n")
rows <- do.call(rbind, Map(function(rung, level) {
  e <- rung$estimates; e <- e[e$op %in% c("=~", "~~", "~1"), ]; m <- rung$measures
  rbind(data.frame(level = level, what = paste0(e$lhs, e$op, e$rhs, "@", rung$groups[e$group]), est = e$est, se = e$se),
        data.frame(level = level, what = names(m), est = as.numeric(m), se = 0))
}, read, names(read)))
rows[c("est", "se")] <- lapply(rows[c("est", "se")], formatC, digits = 15, format = "g")
write.csv(rows, args[3], row.names = FALSE, quote = FALSE)

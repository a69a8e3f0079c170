# Three rungs of items in ordered categories by WLSMV in lavaan, fitted once: Rscript ordered.R ANSWERS SYNTAX ESTIMATES
# SYNTAX is validation/ordered_syntax.R. Prints the seconds (processor, clock) after a fit of one group that is not counted, then versions; R's start, the
# loading of lavaan and the reading of the answers are not in them.
suppressMessages(library(lavaan))
args <- commandArgs(TRUE)
answers <- read.csv(args[1])
source(args[2])
factors <- setNames(lapply(c("pro", "adv", "ent", "imp"), paste0, 1:4), c("prototypicality", "advancement", "entrepreneurship", "impresarioship"))
items <- unlist(factors, use.names = FALSE)
steps <- vapply(answers[items], function(x) length(unique(x)) - 1L, 0L)
groups <- length(unique(answers$generation))
measures <- c("chisq", "df", "chisq.scaled", "pvalue.scaled", "cfi.scaled", "tli.scaled", "rmsea.scaled", "srmr")
climb <- function() lapply(ordered_ladder[c("thresholds", "metric", "scalar")], function(equal) {
  fit <- cfa(ordered_syntax(factors, steps, groups, equal), answers, group = "generation", ordered = items, estimator = "WLSMV")
  list(estimates = parameterEstimates(fit, standardized = TRUE), measures = fitMeasures(fit, measures), groups = lavInspect(fit, "group.label"))
})
invisible(fitMeasures(cfa("f =~ pro1 + pro2 + pro3 + pro4", answers[1:500, ], ordered = items[1:4])))
took <- system.time(read <- climb()); cat("seconds", sum(took[1:2]), took[["elapsed"]], "\n")
cat("version R", as.character(getRversion()), "\n"); cat("version lavaan", as.character(packageVersion("lavaan")), "\n")
rows <- do.call(rbind, Map(function(rung, level) {
  e <- rung$estimates; e <- e[e$op %in% c("=~", "~1", "|", "~*~") | e$op == "~~" & e$lhs != e$rhs, ]; m <- rung$measures
  rbind(data.frame(level = level, what = paste0(e$lhs, e$op, e$rhs, "@", rung$groups[e$group]), est = e$est, se = e$se),
        data.frame(level = level, what = names(m), est = as.numeric(m), se = 0))
}, read, names(read)))
rows[c("est", "se")] <- lapply(rows[c("est", "se")], formatC, digits = 15, format = "g")
write.csv(rows, args[3], row.names = FALSE, quote = FALSE)

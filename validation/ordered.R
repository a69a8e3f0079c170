# What lavaan says of one draw of items in ordered categories: Rscript ordered.R ANSWERS WRITTEN
# The columns a1 ... of factor a, b1 ... of factor b, and group. WLSMV. Thresholds and polychoric correlations are computed once, with the first rung.
suppressMessages(library(lavaan))
args <- commandArgs(TRUE)
answers <- read.csv(args[1])
source(file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))), "ordered_syntax.R"))
items <- setdiff(names(answers), "group")
factors <- split(items, substr(items, 1, 1))
steps <- vapply(answers[items], function(x) length(unique(x)) - 1L, 0L)
fits <- list(); shared <- list()
for (level in names(ordered_ladder)) {
  model <- ordered_syntax(factors, steps, length(unique(answers$group)), ordered_ladder[[level]])
  fits[[level]] <- do.call("cfa", c(list(model, answers, group = "group", ordered = items, estimator = "WLSMV", baseline = FALSE), shared))
  stopifnot(lavInspect(fits[[level]], "converged"))
  if (!length(shared)) shared <- list(slotSampleStats = fits[[1]]@SampleStats, slotData = fits[[1]]@Data)
}
found <- unlist(lapply(fits, function(fit) fitMeasures(fit, c("chisq.scaled", "pvalue.scaled"))))
for (k in 2:4) {
  test <- lavTestLRT(fits[[k - 1]], fits[[k]])
  found[paste0(names(fits)[k], ".difference.", c("chisq", "pvalue"))] <- c(test[2, "Chisq diff"], test[2, "Pr(>Chisq)"])
}
e <- parameterEstimates(fits$scalar)
e <- e[e$op == "=~" & e$group == 1 | e$op == "~1" & e$group > 1 & e$lhs %in% names(factors), ]
rows <- rbind(data.frame(what = names(found), value = found, se = NA), data.frame(what = paste0(e$lhs, e$op, e$rhs), value = e$est, se = e$se))
rows[c("value", "se")] <- lapply(rows[c("value", "se")], formatC, digits = 15, format = "g")
write.csv(rows, args[2], row.names = FALSE, quote = FALSE)

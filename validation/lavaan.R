# What lavaan says of one draw: Rscript lavaan.R ANSWERS MODEL MISSING CLUSTER WRITTEN
# MLR of the rungs in groups, factors identified by unit variances. With a cluster only the scalar rung.
suppressMessages(library(lavaan))
args <- commandArgs(TRUE)
answers <- read.csv(args[1])
model <- paste(readLines(args[2]), collapse = "\n")
rungs <- list(configural = "", metric = "loadings", scalar = c("loadings", "intercepts"))
options <- list(model = model, data = answers, group = "group", std.lv = TRUE, meanstructure = TRUE, estimator = "MLR", missing = args[3])
if (args[4] != "") { options$cluster <- args[4]; rungs <- rungs["scalar"] }
fits <- lapply(rungs, function(equal) do.call("cfa", c(options, list(group.equal = equal))))
found <- c(unlist(lapply(fits, function(fit) fitMeasures(fit, c("chisq.scaled", "pvalue.scaled")))))
if (length(fits) > 1) {
  of <- function(a, b) { t <- lavTestLRT(a, b); c(chisq = t[2, "Chisq diff"], pvalue = t[2, "Pr(>Chisq)"]) }
  found <- c(found, loadings = of(fits$configural, fits$metric), intercepts = of(fits$metric, fits$scalar))
}
e <- parameterEstimates(fits$scalar)
e <- e[e$se > 0, ]
key <- paste0(e$lhs, e$op, e$rhs, "@", lavInspect(fits$scalar, "group.label")[e$group])
rows <- rbind(data.frame(what = names(found), value = found, se = NA), data.frame(what = key, value = e$est, se = e$se))
rows[c("value", "se")] <- lapply(rows[c("value", "se")], formatC, digits = 15, format = "g")
write.csv(rows, args[5], row.names = FALSE, quote = FALSE)

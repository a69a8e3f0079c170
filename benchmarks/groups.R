# One rung of the ladder over many groups in lavaan, fitted once: Rscript groups.R ANSWERS RUNG ESTIMATES
# Prints its seconds (processor, clock), then versions; R's start, the loading of lavaan and the reading of the answers are not in them.
suppressMessages(library(lavaan))
args <- commandArgs(TRUE)
answers <- read.csv(args[1])
pillars <- c("prototypicality", "advancement", "entrepreneurship", "impresarioship")
model <- paste0(pillars, " =~ ", vapply(c("pro", "adv", "ent", "imp"), function(x) paste0(x, 1:4, collapse = " + "), ""), collapse = "\n")
rungs <- list(configural = "", metric = "loadings", scalar = c("loadings", "intercepts"), strict = c("loadings", "intercepts", "residuals"))
invisible(fitMeasures(cfa(model, answers[1:500, ])))
took <- system.time({
  fit <- cfa(model, answers, group = "generation", group.equal = rungs[[args[2]]], std.lv = TRUE, meanstructure = TRUE)
  e <- parameterEstimates(fit, standardized = TRUE)
  m <- fitMeasures(fit, c("chisq", "df", "cfi", "tli", "rmsea", "srmr", "logl", "aic", "bic"))
})
cat("seconds", sum(took[1:2]), took[["elapsed"]], "\n")
cat("version R", as.character(getRversion()), "\n"); cat("version lavaan", as.character(packageVersion("lavaan")), "\n")
e <- e[e$op %in% c("=~", "~~", "~1"), ]
rows <- rbind(data.frame(level = args[2], what = paste0(e$lhs, e$op, e$rhs, "@", lavInspect(fit, "group.label")[e$group]), est = e$est, se = e$se),
              data.frame(level = args[2], what = names(m), est = as.numeric(m), se = 0))
rows[c("est", "se")] <- lapply(rows[c("est", "se")], formatC, digits = 15, format = "g")
write.csv(rows, args[3], row.names = FALSE, quote = FALSE)

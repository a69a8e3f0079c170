# One group's four pillars by lavaan, timed: Rscript scale.R answers.csv repeats estimates.csv
suppressMessages(library(lavaan))
given <- commandArgs(trailingOnly = TRUE)
answers <- read.csv(given[1])
pillars <- c(prototypicality = "pro", advancement = "adv", entrepreneurship = "ent", impresarioship = "imp")
model <- paste(names(pillars), "=~", sapply(pillars, function(s) paste0(s, 1:4, collapse = " + ")), collapse = "\n")
task <- function() {
  fit <- cfa(model, data = answers, meanstructure = TRUE)
  list(parameterEstimates(fit), fitMeasures(fit))
}
found <- task()
for (k in seq_len(as.integer(given[2]))) {
  took <- system.time(found <- task())
  cat("seconds", took[["user.self"]] + took[["sys.self"]], took[["elapsed"]], "\n")
}
rows <- data.frame(level = "one", what = "chisq", est = found[[2]][["chisq"]], se = 0)
write.csv(rows, given[3], row.names = FALSE, quote = FALSE)
cat("version lavaan", as.character(packageVersion("lavaan")), "\n")

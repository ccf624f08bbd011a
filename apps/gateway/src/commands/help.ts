const text = `sluice: a resilient API gateway

  sluice start [--config gateway.yaml]    run the gateway
  sluice check [--config gateway.yaml]    say everything that is wrong with a configuration, start nothing
               [--offline]                without asking whether its Redis answers
  sluice demo                             run it in front of five small services with faults to switch on
              [--instances 2]             two of them, which share their verdicts: needs REDIS_URL
  sluice keys create|list|show|update|rotate|revoke|remove|verify [--config gateway.yaml | --file keys.yaml | --redis URL]

Without a file the environment is the configuration: PORT, API_KEY, RATE_LIMIT (100-M), REDIS_URL or REDIS_HOST and
REDIS_PORT, CACHE_TTL (seconds), CIRCUIT_BREAKER_TIMEOUT, CIRCUIT_BREAKER_ERROR_THRESHOLD (percent),
CIRCUIT_BREAKER_RESET_TIMEOUT, and one <NAME>_SERVICE_URL for each service.`

export async function help(): Promise<void> {
  console.log(text)
}

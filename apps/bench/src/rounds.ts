/**
 * Measures each subject once a round, A B C A B C …, so that a slow minute of the machine falls on all of them.
 *
 * @returns for each subject, in their order, what was measured in each round
 */
export async function interleave<Subject, Measured>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject, round: number) => Promise<Measured>,
): Promise<Measured[][]> {
  const measured: Measured[][] = subjects.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [index, subject] of subjects.entries()) {
      measured[index]?.push(await measure(subject, round))
    }
  }
  return measured
}

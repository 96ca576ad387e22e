/** Dollars so that small amounts keep two figures: $12.30, $0.0042. */
export function dollars(amount: number): string {
  const small = amount !== 0 && Math.abs(amount) < 0.1
  const figures = small ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 2 }
  return new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', ...figures }).format(
    amount,
  )
}

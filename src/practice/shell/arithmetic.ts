/** Arithmetic of the shell: whole numbers, C's operators, variables by name. */

export interface Variables {
  get(name: string): string | undefined
  set(name: string, value: string): void
}

export class ArithmeticError extends Error {
  override readonly name = 'ArithmeticError'
}

const LEVELS = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
] as const

/** @throws ArithmeticError */
export function evaluate(text: string, variables: Variables): number {
  const tokens =
    text.match(
      /0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|<<=|>>=|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%<>=!~&|^?:(),]/g,
    ) ?? []
  let at = 0
  const peek = (): string => tokens[at] ?? ''
  const wrong = (): ArithmeticError => new ArithmeticError(`arithmetic expression: syntax error: "${text}"`)

  function assignment(): number {
    const name = peek()
    const operator = tokens[at + 1] ?? ''
    if (/^[A-Za-z_]/.test(name) && /^(?:[-+*/%&|^]|<<|>>)?=$/.test(operator)) {
      at += 2
      const right = assignment()
      const value = operator === '=' ? right : binary(operator.slice(0, -1), variableValue(name), right)
      variables.set(name, String(value))
      return value
    }
    return ternary()
  }

  function ternary(): number {
    const condition = level(0)
    if (peek() !== '?') return condition
    at++
    const yes = assignment()
    if (peek() !== ':') throw wrong()
    at++
    const no = assignment()
    return condition ? yes : no
  }

  function level(index: number): number {
    const operators: readonly string[] | undefined = LEVELS[index]
    if (!operators) return unary()
    let left = level(index + 1)
    while (operators.includes(peek())) {
      const operator = tokens[at++] ?? ''
      left = binary(operator, left, level(index + 1))
    }
    return left
  }

  function unary(): number {
    const token = tokens[at++] ?? ''
    switch (token) {
      case '-':
        return -unary()
      case '+':
        return unary()
      case '!':
        return unary() ? 0 : 1
      case '~':
        return ~unary()
      case '(': {
        const value = assignment()
        if (tokens[at++] !== ')') throw wrong()
        return value
      }
    }
    if (/^\d/.test(token)) return /^0\d/.test(token) ? Number.parseInt(token, 8) : Number(token)
    if (/^[A-Za-z_]/.test(token)) return variableValue(token)
    throw wrong()
  }

  function variableValue(name: string): number {
    const value = variables.get(name)?.trim() ?? ''
    if (value === '') return 0
    if (/^[-+]?(?:0[xX][0-9a-fA-F]+|\d+)$/.test(value))
      return /^[-+]?0\d/.test(value) ? Number.parseInt(value, 8) : Number(value)
    throw new ArithmeticError(`Illegal number: ${value}`)
  }

  function binary(operator: string, left: number, right: number): number {
    switch (operator) {
      case '||':
        return left || right ? 1 : 0
      case '&&':
        return left && right ? 1 : 0
      case '|':
        return left | right
      case '^':
        return left ^ right
      case '&':
        return left & right
      case '==':
        return left === right ? 1 : 0
      case '!=':
        return left !== right ? 1 : 0
      case '<=':
        return left <= right ? 1 : 0
      case '>=':
        return left >= right ? 1 : 0
      case '<':
        return left < right ? 1 : 0
      case '>':
        return left > right ? 1 : 0
      case '<<':
        return left * 2 ** right
      case '>>':
        return Math.floor(left / 2 ** right)
      case '+':
        return left + right
      case '-':
        return left - right
      case '*':
        return left * right
      default:
        if (right === 0) throw new ArithmeticError('arithmetic expression: division by zero')
        return operator === '/' ? Math.trunc(left / right) : left % right
    }
  }

  if (tokens.length === 0) return 0
  const value = assignment()
  if (at < tokens.length) throw wrong()
  return value
}

namespace Tests.Unit.Symbols;

/// <summary>Order of a kernel's tables of symbols in its read-only data.</summary>
public enum KallsymsOrder
{
    /// <summary>Up to 6.1: addresses, base, number, names, markers, tokens, index.</summary>
    AddressesFirst,

    /// <summary>6.2 and 6.3: the same with the order of names in front of the tokens.</summary>
    OrderOfNames,

    /// <summary>Since 6.4: addresses, base and order of names behind the index.</summary>
    AddressesLast,
}

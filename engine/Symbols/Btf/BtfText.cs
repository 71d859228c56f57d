using System.Text;

namespace Engine.Symbols.Btf;

/// <summary>Types as C writes them, for people.</summary>
internal static class BtfText
{
    /// <summary>Name of a type: "struct list_head", "char[16]", "const struct cred *".</summary>
    public static string Of(in BtfType type) => Of(in type, 0);

    private static string Of(in BtfType type, int depth)
    {
        if (depth == Limits.MaxTypeDepth)
            return "...";

        switch (type.Kind)
        {
            case BtfKind.Pointer:
                return OfReferred(in type, depth) is var pointed && pointed.EndsWith('*') ? pointed + "*" : pointed + " *";
            case BtfKind.Array:
                ulong size = BtfTypes.SizeOf(in type);
                ulong element = BtfTypes.TryGetTarget(in type, out BtfType item) ? BtfTypes.SizeOf(in item) : 0;
                return $"{(item.Owner is null ? "void" : Of(in item, depth + 1))}[{(element == 0 ? 0 : size / element)}]";
            case BtfKind.Const:
                return "const " + OfReferred(in type, depth);
            case BtfKind.Volatile:
                return "volatile " + OfReferred(in type, depth);
            case BtfKind.Restrict or BtfKind.TypeTag:
                return OfReferred(in type, depth);
            default:
                return Word(in type) + NameOf(in type);
        }
    }

    private static string OfReferred(in BtfType type, int depth) =>
        type.Owner.TryGet(type.SizeOrType, out BtfType target) ? Of(in target, depth + 1) : "void";

    private static string NameOf(in BtfType type)
    {
        string name = Encoding.ASCII.GetString(type.Name);
        return name.Length != 0 ? name : type.Kind == BtfKind.Prototype ? "function" : "(anonymous)";
    }

    private static string Word(in BtfType type) => type.Kind switch
    {
        BtfKind.Struct => "struct ",
        BtfKind.Union => "union ",
        BtfKind.Forward => type.HasKindFlag ? "union " : "struct ",
        BtfKind.Enum or BtfKind.Enum64 => "enum ",
        _ => "",
    };
}

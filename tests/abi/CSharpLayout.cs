using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Tests.Abi;

/// <summary>
/// Where the runtime puts the fields of a structure: by taking their addresses, as the engine's own code does, and not from what the
/// marshaller would make of them.
/// </summary>
internal static class CSharpLayout
{
    private delegate nint Offset(ref byte structure);

    private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Size of a structure, in bytes.</summary>
    public static int SizeOf(Type type)
    {
        DynamicMethod method = new("SizeOf", typeof(int), [], typeof(CSharpLayout).Module, skipVisibility: true);
        ILGenerator code = method.GetILGenerator();
        code.Emit(OpCodes.Sizeof, type);
        code.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<int>>()();
    }

    /// <summary>The fields of a structure, those of its inner structures after their own unless the caller knows that type.</summary>
    public static IEnumerable<CSharpField> Fields(Type type, Func<Type, bool> isKnown)
    {
        List<CSharpField> fields = [];
        Add(fields, type, [], isKnown);
        return fields;
    }

    private static void Add(List<CSharpField> fields, Type root, FieldInfo[] path, Func<Type, bool> isKnown)
    {
        Type owner = path.Length == 0 ? root : path[^1].FieldType;
        foreach (FieldInfo field in owner.GetFields(Instance))
        {
            FieldInfo[] whole = [.. path, field];
            string name = string.Join('.', whole.Select(part => part.Name));
            fields.Add(new CSharpField(name, OffsetOf(root, whole), SizeOf(field.FieldType)));
            if (!IsLeaf(field) && !isKnown(field.FieldType))
                Add(fields, root, whole, isKnown);
        }
    }

    private static int OffsetOf(Type root, FieldInfo[] path)
    {
        DynamicMethod method = new("OffsetOf", typeof(nint), [typeof(byte).MakeByRefType()], root.Module, skipVisibility: true);
        ILGenerator code = method.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        foreach (FieldInfo field in path)
            code.Emit(OpCodes.Ldflda, field);
        code.Emit(OpCodes.Conv_U);
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Conv_U);
        code.Emit(OpCodes.Sub);
        code.Emit(OpCodes.Ret);

        // Large enough for any structure of the boundary; the address alone is used.
        byte[] memory = new byte[SizeOf(root)];
        return (int)method.CreateDelegate<Offset>()(ref memory[0]);
    }

    private static bool IsLeaf(FieldInfo field)
    {
        Type type = field.FieldType;
        return type.IsPrimitive || type.IsEnum || type.IsPointer || type.IsFunctionPointer ||
            field.IsDefined(typeof(FixedBufferAttribute)) || type.IsDefined(typeof(InlineArrayAttribute));
    }
}

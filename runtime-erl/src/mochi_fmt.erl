-module(mochi_fmt).
-moduledoc """
Values as text: what `print` shows at top level and inside lists and maps, and what `str` gives.

Three rules for floats, all from the shortest digits that read back the same: `g/1` at top level and in `str`, plain decimals
inside containers, and JSON's (`json_float/1`).
""".

-export([top/1, nested/1, str/1, quote/1, json_float/1]).

-doc "As an argument of `print`.".
-spec top(term()) -> iodata().
top(V) when is_binary(V) -> V;
top(V) when is_integer(V) -> integer_to_binary(V);
top(V) when is_float(V) -> g(V);
top({'$q', N, D}) -> [integer_to_binary(N), $/, integer_to_binary(D)];
top(V) -> inner(V, []).

-doc "Inside a list or map.".
-spec nested(term()) -> iodata().
nested(V) -> inner(V, []).

inner(V, _) when is_integer(V) -> integer_to_binary(V);
inner(V, _) when is_binary(V) -> quote(V);
inner(V, _) when is_float(V) -> plain_float(V);
inner(true, _) -> <<"true">>;
inner(false, _) -> <<"false">>;
inner(nil, _) -> <<"nil">>;
inner(inf, []) -> <<"+Inf">>;
inner(neg_inf, []) -> <<"-Inf">>;
inner(nan, []) -> <<"NaN">>;
inner(inf, _) -> <<"+Inf.0">>;
inner(neg_inf, _) -> <<"-Inf.0">>;
inner(nan, _) -> <<"NaN.0">>;
inner({'$cell', _, _} = C, Path) ->
    Content = mochi_cell:get(C),
    case lists:member(C, Path) of
        true ->
            case Content of
                {'$v', _, _, _, _} -> <<"[...]">>;
                _ -> <<"{...}">>
            end;
        false -> inner(Content, [C | Path])
    end;
inner({'$v', _, _, _, _} = L, Path) ->
    P = [in | Path],
    [$[, lists:join(<<", ">>, [inner(E, P) || E <- mochi_list:to_list(L)]), $]];
inner(M, Path) when is_map(M) -> entries(mochi_map:sorted(M), [in | Path]);
inner({'$q', N, 1}, [_ | _]) when is_integer(N) -> <<"nil">>;
inner({'$q', N, D}, _) -> [integer_to_binary(N), $/, integer_to_binary(D)];
inner({'$group', Key, Items}, Path) ->
    entries([{<<"__group__">>, true}, {<<"count">>, mochi_list:size(Items)}, {<<"items">>, Items}, {<<"key">>, Key}],
            [in | Path]);
inner({'$agent', _, Name, _}, _) -> [<<"<agent ">>, Name, <<">">>];
inner(F, _) when is_function(F) -> <<"<function>">>;
inner(S, Path) when is_tuple(S), tuple_size(S) >= 2 -> entries(mochi_ref:entries(S, <<"cannot print this value">>), [in | Path]);
inner(V, _) -> io_lib:format("~tw", [V]).

entries(KVs, Path) ->
    [${, lists:join(<<", ">>, [[quote(K), <<": ">>, inner(V, Path)] || {K, V} <- KVs]), $}].

-doc "What `str(v)` gives.".
-spec str(term()) -> iodata().
str(V) -> go(V, []).

go(V, _) when is_binary(V) -> V;
go(V, _) when is_integer(V) -> integer_to_binary(V);
go(V, _) when is_float(V) -> g(V);
go(nil, _) -> <<"<nil>">>;
go(inf, _) -> <<"+Inf">>;
go(neg_inf, _) -> <<"-Inf">>;
go(nan, _) -> <<"NaN">>;
go(V, _) when is_atom(V) -> atom_to_binary(V);
go({'$cell', _, _} = C, Path) ->
    case lists:member(C, Path) of
        true -> <<"...">>;
        false -> go(mochi_cell:get(C), [C | Path])
    end;
go({'$v', _, _, _, _} = L, Path) -> [$[, lists:join($\s, [go(E, Path) || E <- mochi_list:to_list(L)]), $]];
go({'$q', N, D}, _) -> [integer_to_binary(N), $/, integer_to_binary(D)];
go({'$group', Key, Items}, Path) ->
    go_map([{<<"__group__">>, true}, {<<"count">>, mochi_list:size(Items)}, {<<"items">>, Items}, {<<"key">>, Key}], Path);
go(M, Path) when is_map(M) -> go_map(mochi_map:sorted(M), Path);
go({'$agent', _, _, _} = A, _) -> inner(A, []);
go(F, _) when is_function(F) -> <<"<function>">>;
go(S, Path) when is_tuple(S), tuple_size(S) >= 2 -> go_map(mochi_ref:entries(S, <<"cannot print this value">>), Path);
go(V, _) -> io_lib:format("~tw", [V]).

go_map(KVs, Path) ->
    [<<"map[">>, lists:join($\s, [[K, $:, go(V, Path)] || {K, V} <- KVs]), $]].

%%% Floats

%% Shortest digits: {Negative, Digits, Exponent of the first digit}.
digits(F) ->
    Neg = <<F/float>> >= <<128>>,
    case erlang:abs(F) of
        A when A == 0 -> {Neg, "0", 0};
        A -> scan(Neg, float_to_list(A, [short]))
    end.

scan(Neg, Text) ->
    {Mantissa, Exp} = case string:split(Text, "e") of
                          [M, E] -> {M, list_to_integer(E)};
                          [M] -> {M, 0}
                      end,
    [Whole | Rest] = string:split(Mantissa, "."),
    Frac = lists:append(Rest),
    All = Whole ++ Frac,
    Lead = string:trim(All, leading, "0"),
    First = length(Whole) - 1 - (length(All) - length(Lead)),
    case string:trim(Lead, trailing, "0") of
        [] -> {Neg, "0", 0};
        Digits -> {Neg, Digits, First + Exp}
    end.

sign(true) -> "-";
sign(false) -> "".

%% Top level: like C's %g with the shortest digits.
g(F) ->
    {Neg, Digits, X} = digits(F),
    if
        X < -4; X >= 6 ->
            [sign(Neg), hd(Digits), fraction(tl(Digits)), exponent(X)];
        true ->
            [sign(Neg), decimal(Digits, X)]
    end.

fraction([]) -> [];
fraction(Ds) -> [$. | Ds].

exponent(X) when X < 0 -> [$e, $-, two(-X)];
exponent(X) -> [$e, $+, two(X)].

two(N) when N < 10 -> [$0, integer_to_list(N)];
two(N) -> integer_to_list(N).

decimal(Digits, X) when X < 0 ->
    ["0.", lists:duplicate(-X - 1, $0), Digits];
decimal(Digits, X) ->
    N = length(Digits),
    if
        N =< X + 1 -> [Digits, lists:duplicate(X + 1 - N, $0)];
        true ->
            {Whole, Frac} = lists:split(X + 1, Digits),
            [Whole, $., Frac]
    end.

plain_float(F) ->
    {Neg, Digits, X} = digits(F),
    Text = lists:flatten(decimal(Digits, X)),
    case lists:member($., Text) of
        true -> [sign(Neg), Text];
        false -> [sign(Neg), Text, ".0"]
    end.

-doc "The JSON rule.".
-spec json_float(float()) -> iodata().
json_float(F) ->
    {Neg, Digits, X} = digits(F),
    if
        F /= 0, (X < -6 orelse X >= 21) ->
            Sign = if X < 0 -> [$e, $-, integer_to_list(-X)]; true -> [$e, $+, two(X)] end,
            [sign(Neg), hd(Digits), fraction(tl(Digits)), Sign];
        true ->
            [sign(Neg), decimal(Digits, X)]
    end.

%%% Strings

-doc "In double quotes with Go's escapes; printable characters as they are.".
-spec quote(binary()) -> iodata().
quote(B) ->
    case plain(B) of
        true -> [$", B, $"];
        false -> [$", escape(B), $"]
    end.

plain(<<C, Rest/binary>>) when C >= 32, C < 127, C =/= $", C =/= $\\ -> plain(Rest);
plain(Rest) -> Rest =:= <<>>.

escape(<<C/utf8, Rest/binary>>) -> [char(C) | escape(Rest)];
escape(<<B, Rest/binary>>) -> [io_lib:format("\\x~2.16.0b", [B]) | escape(Rest)];
escape(<<>>) -> [].

char($") -> <<"\\\"">>;
char($\\) -> <<"\\\\">>;
char(7) -> <<"\\a">>;
char(8) -> <<"\\b">>;
char(12) -> <<"\\f">>;
char(10) -> <<"\\n">>;
char(13) -> <<"\\r">>;
char(9) -> <<"\\t">>;
char(11) -> <<"\\v">>;
char(C) when C < 32; C =:= 127 -> io_lib:format("\\x~2.16.0b", [C]);
char(C) ->
    case printable(C) of
        true -> <<C/utf8>>;
        false when C < 16#10000 -> io_lib:format("\\u~4.16.0b", [C]);
        false -> io_lib:format("\\U~8.16.0b", [C])
    end.

printable(C) when C >= 16#80, C =< 16#A0 -> false;
printable(16#AD) -> false;
printable(C) when C >= 16#2000, C =< 16#200F -> false;
printable(C) when C >= 16#2028, C =< 16#202F -> false;
printable(C) when C >= 16#205F, C =< 16#206F -> false;
printable(C) when C =:= 16#1680; C =:= 16#180E; C =:= 16#3000; C =:= 16#FEFF -> false;
printable(C) when C >= 16#E000, C =< 16#F8FF -> false;
printable(C) when C >= 16#FFF0, C =< 16#FFFB -> false;
printable(C) when C >= 16#E0000 -> false;
printable(_) -> true.

-module(mochi_ffi).
-moduledoc "The foreign functions that every host can offer: parts of Go's `strings` and `math` and of Python's `math`.".

-export([to_upper/1, to_lower/1, trim_space/1, sqrt/1, pow/2, sin/1, cos/1, tan/1, atan/1, exp/1, log/1]).
-export([asin/1, acos/1, atan2/2, sinh/1, cosh/1, tanh/1, log2/1, log10/1, hypot/2, fmod/2, trunc/1, round/1, max_float/2, min_float/2]).
-export([gcd/2, factorial/1, degrees/1, radians/1, str_contains/2, has_prefix/2, has_suffix/2, str_index/2, str_repeat/2]).
-export([replace_all/3, str_split/2, str_join/2, str_fields/1, itoa/1]).
-export([abs_float/1, floor/1, ceil/1, add/2]).
-export([to_erlang/1, from_erlang/1, call/3]).

-compile({no_auto_import, [floor/1, ceil/1, trunc/1, round/1]}).

-doc "`strings.ToUpper`".
-spec to_upper(term()) -> binary().
to_upper(S) -> mochi_str:upper(S).
-doc "`strings.ToLower`".
-spec to_lower(term()) -> binary().
to_lower(S) -> mochi_str:lower(S).
-doc "`strings.TrimSpace`".
-spec trim_space(term()) -> binary().
trim_space(S) -> mochi_str:trim(S).

-doc "Square root; NaN below zero.".
-spec sqrt(term()) -> term().
sqrt(X) -> float_fun(fun math:sqrt/1, X).
-doc "Sine.".
-spec sin(term()) -> term().
sin(X) -> float_fun(fun math:sin/1, X).
-doc "Cosine.".
-spec cos(term()) -> term().
cos(X) -> float_fun(fun math:cos/1, X).
-doc "Tangent.".
-spec tan(term()) -> term().
tan(X) -> float_fun(fun math:tan/1, X).
-doc "Arc tangent.".
-spec atan(term()) -> term().
atan(X) -> float_fun(fun math:atan/1, X).
-doc "e to the power of x.".
-spec exp(term()) -> term().
exp(X) ->
    try math:exp(mochi_num:to_float(X)) catch error:badarith -> inf end.
-doc "Natural logarithm.".
-spec log(term()) -> term().
log(X) ->
    case mochi_num:to_float(X) of
        F when F == 0 -> neg_inf;
        F -> float_fun(fun math:log/1, F)
    end.
-doc "Arc sine.".
-spec asin(term()) -> term().
asin(X) -> float_fun(fun math:asin/1, X).
-doc "Arc cosine.".
-spec acos(term()) -> term().
acos(X) -> float_fun(fun math:acos/1, X).
-doc "Arc tangent of y/x in the right quadrant.".
-spec atan2(term(), term()) -> term().
atan2(Y, X) -> math:atan2(finite(Y), finite(X)).
-doc "Hyperbolic sine.".
-spec sinh(term()) -> term().
sinh(X) -> float_fun(fun math:sinh/1, X).
-doc "Hyperbolic cosine.".
-spec cosh(term()) -> term().
cosh(X) -> float_fun(fun math:cosh/1, X).
-doc "Hyperbolic tangent.".
-spec tanh(term()) -> term().
tanh(X) -> float_fun(fun math:tanh/1, X).
-doc "Logarithm to base 2.".
-spec log2(term()) -> term().
log2(X) -> logarithm(fun math:log2/1, X).
-doc "Logarithm to base 10.".
-spec log10(term()) -> term().
log10(X) -> logarithm(fun math:log10/1, X).
-doc "Length of the hypotenuse.".
-spec hypot(term(), term()) -> term().
hypot(X, Y) ->
    {A, B} = {finite(X), finite(Y)},
    mochi_ffi:sqrt(mochi_num:add(mochi_num:mul(A, A), mochi_num:mul(B, B))).
-doc "Remainder of floats.".
-spec fmod(term(), term()) -> term().
fmod(X, Y) -> mochi_num:float_rem(finite(X), finite(Y)).
-doc "Without the fraction, as a float.".
-spec trunc(term()) -> term().
trunc(X) -> mochi_num:to_float(mochi_num:to_int(X)).
-doc "To the nearest whole number, as a float.".
-spec round(term()) -> term().
round(X) -> mochi_num:round(mochi_num:to_float(X)).
-doc "The greater of two floats.".
-spec max_float(term(), term()) -> term().
max_float(X, Y) -> erlang:max(finite(X), finite(Y)).
-doc "The lesser of two floats.".
-spec min_float(term(), term()) -> term().
min_float(X, Y) -> erlang:min(finite(X), finite(Y)).
-doc "Greatest common divisor.".
-spec gcd(term(), term()) -> integer().
gcd(X, Y) -> euclid(erlang:abs(mochi_num:to_int(X)), erlang:abs(mochi_num:to_int(Y))).
-doc "`n!`".
-spec factorial(term()) -> integer().
factorial(X) ->
    case mochi_num:to_int(X) of
        N when N >= 0 -> lists:foldl(fun(I, P) -> I * P end, 1, lists:seq(2, N));
        _ -> mochi_core:fail(<<"factorial() not defined for negative values">>)
    end.
-doc "Radians to degrees.".
-spec degrees(term()) -> term().
degrees(X) -> finite(X) * 180.0 / math:pi().
-doc "Degrees to radians.".
-spec radians(term()) -> term().
radians(X) -> finite(X) * math:pi() / 180.0.
-doc "`strings.Contains`".
-spec str_contains(term(), term()) -> boolean().
str_contains(S, X) -> mochi_core:contains(text(S), text(X)).
-doc "`strings.HasPrefix`".
-spec has_prefix(term(), term()) -> boolean().
has_prefix(S, P) -> mochi_str:starts_with(text(S), text(P)).
-doc "`strings.HasSuffix`".
-spec has_suffix(term(), term()) -> boolean().
has_suffix(S0, P0) ->
    {S, P} = {text(S0), text(P0)},
    binary:longest_common_suffix([S, P]) =:= byte_size(P).
-doc "`strings.Index`: a byte offset, or -1.".
-spec str_index(term(), term()) -> integer().
str_index(_, <<>>) -> 0;
str_index(S, X) ->
    case binary:match(text(S), text(X)) of
        {At, _} -> At;
        nomatch -> -1
    end.
-doc "`strings.Repeat`".
-spec str_repeat(term(), term()) -> binary().
str_repeat(S, N) -> mochi_str:repeat(text(S), N).
-doc "`strings.ReplaceAll`".
-spec replace_all(term(), term(), term()) -> binary().
replace_all(S, <<>>, _) -> text(S);
replace_all(S, Old, New) -> binary:replace(text(S), text(Old), text(New), [global]).
-doc "`strings.Split`".
-spec str_split(term(), term()) -> mochi_list:vec().
str_split(S, Sep) -> mochi_str:split(text(S), text(Sep)).
-doc "`strings.Join`".
-spec str_join(term(), term()) -> binary().
str_join(L, Sep) -> mochi_str:join(L, Sep).
-doc "`strings.Fields`".
-spec str_fields(term()) -> mochi_list:vec().
str_fields(S) -> mochi_list:from_list(string:lexemes(text(S), " \t\n\v\f\r")).
-doc "`strconv.Itoa`".
-spec itoa(term()) -> binary().
itoa(N) -> mochi_core:str(N).

euclid(A, 0) -> A;
euclid(A, B) -> euclid(B, A rem B).

text(S) when is_binary(S) -> S;
text(V) -> mochi_core:str(V).

finite(X) ->
    case mochi_num:to_float(X) of
        F when is_float(F) -> F;
        _ -> mochi_core:fail(<<"not a finite number">>)
    end.

logarithm(F, X) ->
    case mochi_num:to_float(X) of
        V when V == 0 -> neg_inf;
        V -> float_fun(F, V)
    end.

-doc "Power of floats.".
-spec pow(term(), term()) -> term().
pow(X, Y) -> mochi_num:pow(mochi_num:to_float(X), mochi_num:to_float(Y)).
-doc "Absolute value as a float.".
-spec abs_float(term()) -> term().
abs_float(X) -> mochi_num:abs(mochi_num:to_float(X)).
-doc "Floor as a float.".
-spec floor(term()) -> term().
floor(X) -> mochi_num:floor(mochi_num:to_float(X)).
-doc "Ceiling as a float.".
-spec ceil(term()) -> term().
ceil(X) -> mochi_num:ceil(mochi_num:to_float(X)).
-doc "`testpkg.Add`".
-spec add(term(), term()) -> term().
add(X, Y) -> mochi_num:add(X, Y).

float_fun(F, X) ->
    case mochi_num:to_float(X) of
        V when is_float(V) -> try F(V) catch error:badarith -> nan end;
        V -> V
    end.

%%% Between Mochi and Erlang

-doc """
A value as Erlang code expects it: lists are lists, maps have binaries as keys, structs and variants are maps with `__name`, null is `undefined`, an infinity or NaN stays its atom.
Cells are looked through; a value that contains itself is a runtime error.
""".
-spec to_erlang(term()) -> term().
to_erlang(V) -> to_erlang(V, []).

to_erlang(nil, _) -> undefined;
to_erlang({'$cell', _, _} = C, Path) ->
    case lists:member(C, Path) of
        true -> mochi_core:fail(<<"a value that contains itself has no form in Erlang">>);
        false -> to_erlang(mochi_cell:get(C), [C | Path])
    end;
to_erlang({'$v', _, _, _, _} = L, Path) -> [to_erlang(E, Path) || E <- mochi_list:to_list(L)];
to_erlang({'$group', _, Items}, Path) -> to_erlang(Items, Path);
to_erlang({'$q', _, _} = Q, _) -> Q;
to_erlang({'$agent', _, _, _} = A, _) -> A;
to_erlang(M, Path) when is_map(M) -> #{mochi_map:text(K) => to_erlang(V, Path) || K := V <- M};
to_erlang(S, Path) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    maps:from_list([{K, to_erlang(V, Path)} || {K, V} <- mochi_ref:entries(S, <<>>)]);
to_erlang(V, _) -> V.

-doc """
An Erlang term as a value: lists and tuples become lists, keys of maps texts, `undefined` and `nil` null, other atoms (but true, false, and the infinities) their text. Binaries are strings if they
are UTF-8; other bytes, and what has no form in Mochi, are a runtime error. Nothing becomes an atom.
""".
-spec from_erlang(term()) -> term().
from_erlang(undefined) -> nil;
from_erlang(V) when is_number(V); is_boolean(V); V =:= nil; V =:= inf; V =:= neg_inf; V =:= nan; is_function(V) -> V;
from_erlang(V) when is_atom(V) -> atom_to_binary(V);
from_erlang(V) when is_binary(V) ->
    case unicode:characters_to_binary(V) of
        V -> mochi_str:own(V);
        _ -> mochi_core:fail(<<"bytes that are not UTF-8 are no string">>)
    end;
from_erlang({'$v', _, _, _, _} = V) -> V;
from_erlang({'$cell', _, _} = V) -> V;
from_erlang({'$agent', _, _, _} = V) -> V;
from_erlang({'$q', _, _} = V) -> V;
from_erlang(L) when is_list(L) ->
    case is_proper(L) of
        true -> mochi_list:from_list([from_erlang(E) || E <- L]);
        false -> mochi_core:fail(<<"an improper list is no list">>)
    end;
from_erlang(M) when is_map(M) -> mochi_map:from_pairs([{from_erlang(K), from_erlang(V)} || K := V <- M]);
from_erlang(T) when is_tuple(T) -> from_erlang(tuple_to_list(T));
from_erlang(_) -> mochi_core:fail(<<"a value of Erlang that Mochi has no form for">>).

is_proper([_ | T]) -> is_proper(T);
is_proper(T) -> T =:= [].

-doc "Calls an Erlang function with values of Mochi, and gives its result as one; an exception is a runtime error.".
-spec call(module(), atom(), [term()]) -> term().
call(Module, Function, Args) ->
    Given = [to_erlang(A) || A <- Args],
    try apply(Module, Function, Given) of
        V -> from_erlang(V)
    catch
        error:undef -> mochi_core:fail([<<"no function ">>, atom_to_binary(Module), $:, atom_to_binary(Function), $/,
                                        integer_to_binary(length(Args))]);
        Class:Reason -> mochi_core:fail(unicode:characters_to_binary(io_lib:format("~ts:~ts failed: ~s ~tw", [Module, Function, Class, Reason])))
    end.

%% BIFs on numbers, text, lists and tuples with arguments at and beyond their limits.
-module(bif_limits).
-export([main/0]).
-compile(nowarn_deprecated_function).

main() ->
    Cases =
        [{erlang,abs,[a]}, {erlang,float,[1 bsl 2000]}, {erlang,trunc,[a]}, {erlang,'and',[1,2]}, {erlang,'and',[true,1]},
        {erlang,'not',[1]}, {math,log,[0]}, {math,log,[a]}, {math,log2,[-1]}, {math,pow,[0,-1]}, {math,pow,[10,400]},
        {math,sqrt,[-1]}, {math,sin,[1 bsl 3000]}, {math,fmod,[1,0]}, {math,atanh,[1]}, {math,exp,[1000]}, {math,exp,[1]},
        {math,sin,[1]}, {math,tan,[1.5]}, {math,pow,[2.5,3.7]}, {math,cosh,[3]}, {math,erf,[0.5]}, {math,erfc,[0.5]},
        {math,asinh,[2]}, {math,acosh,[2]}, {math,atanh,[0.5]}, {math,log10,[1000]}, {math,log2,[8]}, {math,log2,[10]},
        {math,tanh,[0.3]}, {math,sinh,[1.3]}, {math,ceil,[1.2]}, {math,ceil,[2]},
        {erlang,float_to_list,[1.0,[{scientific,-1}]]}, {erlang,float_to_list,[1.0,[{decimals,-1}]]},
        {erlang,float_to_list,[1,[]]}, {erlang,float_to_list,[1.0,[foo]]}, {erlang,float_to_list,[1.0,[short|foo]]},
        {erlang,float_to_list,[1.0,[{decimals,1 bsl 33}]]}, {erlang,float_to_list,[1.5,[{scientific,(1 bsl 32) + 2}]]},
        {erlang,float_to_list,[1.5,[{scientific,3},{decimals,4}]]},
        {erlang,float_to_list,[1.5,[{scientific,3},short,{decimals,4}]]}, {erlang,float_to_list,[1.5,[{decimals,4},short]]},
        {erlang,float_to_list,[1.5,[compact]]}, {erlang,integer_to_list,[10,37]}, {erlang,integer_to_list,[a,10]},
        {erlang,integer_to_list,[255,16]}, {erlang,list_to_atom,["a"|b]}, {erlang,list_to_atom,[[256]]},
        {erlang,list_to_atom,[[1 bsl 70]]}, {erlang,list_to_atom,[lists:duplicate(256,$a)]},
        {erlang,list_to_atom,[[55296]]}, {erlang,list_to_atom,[lists:duplicate(256,$a)++[a]]},
        {erlang,list_to_existing_atom,[[256,256,257]]}, {erlang,binary_to_atom,[<<255>>]},
        {erlang,binary_to_atom,[<<255>>,latin1]}, {erlang,binary_to_atom,[list_to_binary(lists:duplicate(256,$a))]},
        {erlang,binary_to_atom,[<<"a">>,foo]}, {erlang,binary_to_atom,[<<"a">>,unicode]},
        {erlang,atom_to_binary,[abc,latin1]}, {erlang,atom_to_binary,[list_to_atom([256]),latin1]},
        {erlang,atom_to_binary,[list_to_atom([256]),foo]}, {erlang,list_to_pid,["<0.1.0>"]},
        {erlang,list_to_pid,["<1.1.0>"]}, {erlang,list_to_pid,["<0.1.0"]}, {erlang,list_to_pid,["<0.268435456.0>"]},
        {erlang,list_to_pid,["<0.1.100000>"]}, {erlang,list_to_pid,["<0.01.0>"]}, {erlang,list_to_pid,["<0.1.0>x"]},
        {erlang,list_to_ref,["#Ref<0.1.2.3>"]}, {erlang,list_to_ref,["#Ref<0.1.2>"]},
        {erlang,list_to_ref,["#Ref<0.1.262144.3>"]}, {erlang,list_to_ref,["#Ref<0.1.2.4294967296>"]},
        {erlang,list_to_port,["#Port<0.1>"]}, {erlang,binary_to_atom,["a"]}, {erlang,list_to_existing_atom,[[$a|b]]},
        {erlang,list_to_existing_atom,[lists:duplicate(300,$a)]},
        {erlang,binary_to_existing_atom,[list_to_binary(lists:duplicate(300,$a))]},
        {erlang,binary_to_existing_atom,[<<"not there at all">>]}, {erlang,hd,[[]]}, {erlang,length,[[a|b]]},
        {erlang,'++',[[a|b],[c]]}, {erlang,'++',[[],b]}, {erlang,'++',[[a],b]}, {erlang,'++',[a,b]},
        {erlang,'--',[[a|b],[c]]}, {erlang,'--',[[],b]}, {erlang,'--',[[a],[b|c]]}, {erlang,'--',[[a|b],[]]},
        {erlang,'--',[[a,b],[]]}, {erlang,'--',[[1,1.0,2,1],[1.0]]}, {erlang,is_record,[{a},a]}, {erlang,is_record,[{a},1]},
        {erlang,is_record,[a,1]}, {erlang,is_record,[{a,b},a,2]}, {erlang,is_record,[{a,b},a,a]},
        {erlang,is_record,[{a,b},a,-1]}, {erlang,is_record,[x,a,-1]}, {erlang,is_record,[x,1,2]},
        {erlang,is_record,[{1,2},1,2]}, {erlang,is_function,[a,a]}, {erlang,is_function,[a,-1]},
        {erlang,is_function,[a,1 bsl 70]}, {erlang,is_function,[fun lists:map/2,2]}, {erlang,list_to_tuple,[[a|b]]},
        {erlang,tuple_size,[a]}, {erlang,element,[0,{a}]}, {erlang,element,[2,{a}]}, {erlang,element,[a,{a}]},
        {erlang,setelement,[2,{a},b]}, {erlang,make_tuple,[-1,a]}, {erlang,make_tuple,[1 bsl 24,a]},
        {erlang,make_tuple,[1 bsl 70,a]}, {erlang,make_tuple,[3,a,[{1,x},{1,y}]]}, {erlang,make_tuple,[3,a,[{4,x}]]},
        {erlang,make_tuple,[3,a,[x]]}, {erlang,make_tuple,[3,a,[{1,x}|y]]}, {erlang,append_element,[{a},b]},
        {erlang,insert_element,[1,{a},b]}, {erlang,insert_element,[2,{a},b]}, {erlang,insert_element,[3,{a},b]},
        {erlang,delete_element,[1,{a}]}, {erlang,delete_element,[2,{a}]}, {erlang,delete_element,[1,{}]},
        {lists,member,[a,[b|c]]}, {lists,member,[a,[a|c]]}, {lists,member,[a,b]}, {lists,member,[1,[1.0]]},
        {lists,reverse,[[a|b],c]}, {lists,reverse,[[a,b],c]}, {lists,reverse,[a,c]}, {lists,keymember,[1,1,[{1.0}]]},
        {lists,keyfind,[1,1,[{1.0}]]}, {lists,keysearch,[1,1,[{1.0}]]}, {lists,keyfind,[1,0,[]]}, {lists,keyfind,[1,a,[]]},
        {lists,keyfind,[1,1,[x,{2},{1}]]}, {lists,keyfind,[1,1,[x|y]]}, {lists,keyfind,[1,2,[{1}]]},
        {lists,keyfind,[1,1 bsl 70,[]]}, {erlang,phash2,[a,0]}, {erlang,phash2,[a,1 bsl 32]},
        {erlang,phash2,[a,(1 bsl 32)+1]}, {erlang,phash2,[a,-1]}, {erlang,phash2,[a,1.0]}, {erlang,phash,[a,0]},
        {erts_debug,flat_size,[{a,[b]}]}, {erlang,size,[{a}]}, {erlang,size,[<<1:9>>]}, {erlang,size,[a]},
        {erts_internal,cmp_term,[1,1.0]}, {erts_internal,cmp_term,[{1},{3}]}, {erlang,min,[1,1.0]}, {erlang,max,[1,1.0]},
        {erts_internal,list_to_integer,[[49,a],10]}, {erts_internal,list_to_integer,["0x",10]},
        {erts_internal,list_to_integer,["+",10]}, {erts_internal,list_to_integer,["1",37]},
        {erts_internal,list_to_integer,[a,10]}, {erts_internal,list_to_integer,[[49|50],10]},
        {erlang,list_to_integer,["1",a]}, {erlang,list_to_integer,[a]}, {erlang,list_to_integer,["12",1]},
        {erlang,binary_to_integer,[<<"12">>,1]}, {erlang,binary_to_integer,[<<1:3>>]},
        {erlang,list_to_integer,[lists:duplicate(2000000,$1)]}, {erlang,list_to_float,[[a]]}, {erlang,list_to_float,[a]},
        {erlang,binary_to_float,[a]}, {erlang,list_to_float,[[$1,$.,$0,300]]}, {string,list_to_float,[a]},
        {string,list_to_float,["+1.5"]}, {string,list_to_float,["-1.5e3e"]}, {string,list_to_float,[[$1,$.,$5,a]]},
        {string,list_to_float,[[$1,$.,$5|a]]}, {string,list_to_float,["1.5.5"]}, {string,list_to_float,["1.5+5"]},
        {string,list_to_float,["1-"]}, {string,list_to_float,["1.-"]}, {erlang,fun_to_list,[fun lists:map/2]},
        {erlang,fun_to_list,[a]}, {erlang,pid_to_list,[a]}, {erlang,ref_to_list,[a]}, {erlang,md5,[[1,[<<"a">>|2]]]},
        {erlang,md5,[a]}, {erlang,crc32,["abc"]}, {erlang,crc32,[0,<<"abc">>]}, {erlang,crc32,[a,<<"abc">>]},
        {erlang,crc32_combine,[1,2,3]}, {erlang,adler32,["abc"]}, {erlang,adler32,[1 bsl 32,"abc"]},
        {erlang,adler32_combine,[1,2,3]}, {erlang,external_size,[{a,1.0}]}],
    [show(C) || C <- Cases],
    ok.

show({M, F, A}) ->
    Shown = case erts_debug:flat_size(A) < 60 of true -> A; false -> long end,
    io:format("~0tp~n", [{M, F, Shown, result(M, F, A)}]).

result(M, F, A) ->
    try short(apply(M, F, A)) catch C:R -> {C, R} end.

short(F) when is_float(F) -> <<F/float>>;
short(L) when is_list(L), length(L) > 300 -> {erlang:phash2(L), length(L)};
short(X) when is_integer(X), X > (1 bsl 200) -> {big, erlang:phash2(X)};
short(X) -> X.
